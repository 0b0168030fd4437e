import { CELL_MARKER } from '../../core/ports/processes.ts';
import type { ServerFolders } from './serverFolders.ts';
import type { UserConfig } from './userConfig.ts';

/** Variables of a surrounding agent server, a git hook or a debugger that would lead a cell's processes astray. */
const NOT_INHERITED =
  /^(OPENCODE(_(CONFIG|CONFIG_DIR|CONFIG_CONTENT|PERMISSION|DB|PID|CLIENT|ROUTE|WORKSPACE_ID|PURE|AUTO_SHARE|AUTH_CONTENT|MODELS_PATH|SERVER_PASSWORD|SERVER_USERNAME|TEST_.*|TUI_CONFIG|PRINT_LOGS|LOG_LEVEL|FAKE_VCS))?|AGENT|GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|PREFIX|CEILING_DIRECTORIES|NAMESPACE)|NODE_CHANNEL_FD|NODE_V8_COVERAGE|ELECTRON_.*|VSCODE_.*|REACTOR_.*)$/;

export interface ServerEnvironmentInput {
  readonly cell: string;
  readonly env: NodeJS.ProcessEnv;
  readonly folders: ServerFolders;
  readonly user: UserConfig;
  readonly config: string;
  readonly password: string;
  /** The configuration defines all models, so the catalogue is not needed. */
  readonly withoutCatalogue: boolean;
  /** The user's configuration names no plugin and no provider that needs one of the server's own. */
  readonly withoutPlugins: boolean;
  readonly added: Readonly<Record<string, string>>;
}

/** The environment of a cell's server: the user's, with the server's folders, configuration and secrets private to the cell. */
export function serverEnvironment(input: ServerEnvironmentInput): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(input.env)) {
    if (value !== undefined && !NOT_INHERITED.test(name)) environment[name] = value;
  }
  const catalogue = input.withoutCatalogue ? input.folders.noModels : input.user.catalogue;
  return {
    ...environment,
    ...input.added,
    ...input.folders.environment,
    [CELL_MARKER]: input.cell,
    OPENCODE_SERVER_PASSWORD: input.password,
    OPENCODE_CONFIG_CONTENT: input.config,
    ...(input.user.auth === null ? {} : { OPENCODE_AUTH_CONTENT: input.user.auth }),
    ...(catalogue === null ? {} : { OPENCODE_MODELS_PATH: catalogue, OPENCODE_DISABLE_MODELS_FETCH: '1' }),
    ...(input.withoutPlugins ? { OPENCODE_DISABLE_DEFAULT_PLUGINS: '1' } : {}),
    // A repository's own plugins run as code and its settings can loosen permissions; what is safe of them is merged by us.
    OPENCODE_DISABLE_PROJECT_CONFIG: '1',
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_DISABLE_SHARE: '1',
    OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
    OPENCODE_DISABLE_CLAUDE_CODE: '1',
    OPENCODE_DISABLE_EXTERNAL_SKILLS: '1',
    OPENCODE_DISABLE_EMBEDDED_WEB_UI: '1',
    OPENCODE_EXPERIMENTAL_DISABLE_FILEWATCHER: '1',
  };
}
