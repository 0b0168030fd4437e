import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** User settings that keep the workbench quiet and offline. */
const quiet = {
  'chat.disableAIFeatures': true,
  'editor.hover.delay': 100,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'git.openRepositoryInParentFolders': 'never',
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'window.dialogStyle': 'custom',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
};

/** Folders of one editor alone. */
export interface EditorHome {
  readonly path: string;
  /** Environment of the editor's processes; the extension host inherits it. */
  readonly env: NodeJS.ProcessEnv;
  remove(): void;
}

export interface EditorHomeOptions {
  readonly settings?: Readonly<Record<string, unknown>>;
  /** No file of the real user's configuration is read or written; true unless said otherwise. */
  readonly isPrivate?: boolean;
}

/**
 * Makes the folders in `path`, which is short because sockets lie below it.
 * @param env what the editor's processes get beside what is its own
 */
export function makeEditorHome(path: string, env: NodeJS.ProcessEnv, options: EditorHomeOptions = {}): EditorHome {
  const { settings = {}, isPrivate = true } = options;
  for (const folder of ['data/User', 'ext', 'tmp', 'xdg']) mkdirSync(join(path, folder), { recursive: true });
  writeFileSync(join(path, 'config.yaml'), '');
  writeFileSync(join(path, 'data/User/settings.json'), JSON.stringify({ ...quiet, ...settings }, null, 2));
  const own = {
    TMPDIR: join(path, 'tmp'),
    XDG_CONFIG_HOME: join(path, 'xdg'),
    XDG_DATA_HOME: join(path, 'xdg'),
    XDG_RUNTIME_DIR: join(path, 'tmp'),
  };
  return {
    path,
    // No look-ups in a marketplace.
    env: { ...withoutEditors(env), ...(isPrivate ? own : {}), EXTENSIONS_GALLERY: '{"serviceUrl":""}' },
    remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }),
  };
}

/** A terminal inside an editor has variables that would make ours talk to that one. */
const withoutEditors = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/^(VSCODE_.*|ELECTRON_.*|NODE_OPTIONS|PORT|PASSWORD)$/.test(name)));
