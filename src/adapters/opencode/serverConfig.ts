import { existsSync, globSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { PermissionRule } from '../../core/model/permissionRule.ts';
import { type ConfigTree, isTree, mergeConfig } from './configTree.ts';
import { compilePermissions, onlyDenials } from './permissionConfig.ts';
import type { UserConfig } from './userConfig.ts';

const BUILT_IN_AGENTS = ['build', 'plan', 'general', 'explore'];
/** Settings of the user's that have no place in a cell: rights, ports, sharing, and what belongs to the terminal interface. */
const DROPPED = [
  'permission',
  'tools',
  'mode',
  'server',
  'share',
  'autoshare',
  'autoupdate',
  'snapshot',
  'shell',
  'layout',
  'keybinds',
  'theme',
  'tui',
  'watcher',
];

export interface ServerConfigInput {
  readonly user: UserConfig;
  readonly project: ConfigTree;
  /** The user's checkout, in which patterns of instructions are looked up; left as they are without. */
  readonly folder?: string;
  readonly permissions: readonly PermissionRule[];
  /** provider/model that the run asks for, or null. */
  readonly model: string | null;
  readonly worktree: string;
  /** Path of the shell that runs the agent's commands. */
  readonly shell: string;
}

/** The one configuration of a cell's server: the user's, what is safe of the project's, and above both what Reactor needs. */
export function composeServerConfig(input: ServerConfigInput): ConfigTree {
  const kept = Object.fromEntries(Object.entries(input.user.config).filter(([key]) => !DROPPED.includes(key)));
  const merged = mergeConfig(kept, input.project);
  const permission = compilePermissions(input.permissions);
  const instructions = [...globalRules(input.user.folder), ...texts(merged['instructions'])]
    .map((path) => (/^(\/|[a-z]+:)/i.test(path) ? path : join(input.worktree, path)))
    .flatMap((path) => named(path, input));
  return {
    ...merged,
    ...(input.model === null ? {} : { model: input.model }),
    ...(instructions.length > 0 ? { instructions: [...new Set(instructions)] } : {}),
    agent: agentsWithin(merged['agent'], permission, input.user.folder),
    permission,
    shell: input.shell,
    // Git keeps the evidence; the server's own snapshots cost seconds on a large repository.
    snapshot: false,
    share: 'disabled',
    autoupdate: false,
    // An overflowing context would make the server compact without an end; as one error the run can act on it.
    compaction: { ...(isTree(merged['compaction']) ? merged['compaction'] : {}), auto: false },
    lsp: merged['lsp'] ?? false,
    formatter: merged['formatter'] ?? false,
  };
}

const MOST_NAMED = 200;

/** Of a pattern the files that it means in the checkout: a file that comes to it later, of the agent's, could lead anywhere. */
function named(path: string, { worktree, folder }: ServerConfigInput): string[] {
  if (folder === undefined || !path.startsWith(worktree + sep) || !/[*?[{]/.test(path.slice(worktree.length))) return [path];
  const found = globSync(relative(worktree, path), { cwd: folder });
  return found.slice(0, MOST_NAMED).map((file) => join(worktree, file));
}

/** Files of the worktree that a configuration has as instructions. */
export const instructionFiles = (config: ConfigTree, worktree: string): string[] =>
  texts(config['instructions']).filter((path) => path.startsWith(worktree + sep));

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []);
const globalRules = (folder: string): string[] => [join(folder, 'AGENTS.md')].filter((file) => existsSync(file));

/** An agent's own permissions would be read after the global ones, so each agent is given the run's refusals too. */
function agentsWithin(agents: unknown, permission: Readonly<Record<string, string>>, userFolder: string): ConfigTree {
  const given = isTree(agents) ? agents : {};
  const strict = Object.fromEntries(Object.entries(permission).filter(([, action]) => action !== 'allow'));
  const names = new Set([...BUILT_IN_AGENTS, ...Object.keys(given), ...agentFiles(userFolder)]);
  const result: Record<string, unknown> = {};
  for (const name of names) {
    const agent = isTree(given[name]) ? given[name] : {};
    const { permission: own, tools: _tools, ...rest } = agent;
    const denials = onlyDenials(own);
    const rights = { ...strict, ...(isTree(denials) ? denials : denials === 'deny' ? { '*': 'deny' } : {}) };
    if (Object.keys(rest).length > 0 || Object.keys(rights).length > 0)
      result[name] = { ...rest, ...(Object.keys(rights).length > 0 ? { permission: rights } : {}) };
  }
  return result;
}

/** Agents that the user keeps as Markdown files, by name. */
function agentFiles(userFolder: string): string[] {
  return ['agent', 'agents'].flatMap((name) => {
    const folder = join(userFolder, name);
    if (!existsSync(folder)) return [];
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.md'))
      .map((file) => file.slice(0, -'.md'.length));
  });
}

/**
 * True when every model that may be used is defined in the configuration itself, with its provider's package and address or price.
 * Then the server needs no catalogue of models: 150 MB and half a second less.
 */
export function definesItsModels(config: ConfigTree): boolean {
  const agents = isTree(config['agent']) ? Object.values(config['agent']) : [];
  const models = [
    config['model'],
    config['small_model'] ?? config['model'],
    ...agents.map((agent) => (isTree(agent) ? agent['model'] : undefined)),
  ];
  const wanted = models.filter((model) => model !== undefined);
  return typeof config['model'] === 'string' && wanted.every((model) => typeof model === 'string' && isDefined(config['provider'], model));
}

function isDefined(providers: unknown, model: string): boolean {
  const slash = model.indexOf('/');
  const provider = isTree(providers) ? providers[model.slice(0, slash)] : undefined;
  if (!isTree(provider) || typeof provider['npm'] !== 'string' || !isTree(provider['models'])) return false;
  const entry = provider['models'][model.slice(slash + 1)];
  const options = isTree(provider['options']) ? provider['options'] : {};
  return isTree(entry) && (isTree(entry['cost']) || typeof options['baseURL'] === 'string');
}
