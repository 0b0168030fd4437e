import { UserFacingError } from '../../base/userFacingError.ts';
import { exitCodes } from '../../core/model/exitCodes.ts';
import { SandboxMode } from '../../core/model/sandboxSpec.ts';
import { loosenedBy, loosenedText } from '../../core/policy/loosened.ts';
import { bytesText, countText, plural } from '../../core/projections/figures.ts';
import type { CliHost } from '../cliHost.ts';
import { type CommandContext, type CommonOptions, folderOf, printJson, printLines } from '../commandContext.ts';
import { connectAlways } from '../follow/followRuns.ts';
import { safeLine } from '../render/safeText.ts';
import { renderLine, type Style, styleOf, tone, uncut } from '../render/style.ts';
import { wrapText } from '../render/textWidth.ts';
import { keysCheck } from './keysCheck.ts';
import { missingAgentServer } from './missingAgentServer.ts';

export interface Check {
  readonly name: string;
  /** missing: runs can't work like this. */
  readonly state: 'ok' | 'warning' | 'missing';
  readonly text: string;
  /** What to do; empty when it is ok. */
  readonly todo: string;
}

const leastNode = 24;
const leastGit = [2, 38] as const;
const leastDiskBytes = 1_000_000_000;
const leastMemoryBytes = 1_000_000_000;
const defaultPorts = { from: 8000, to: 9000 };

/** `reactor doctor`: one line per thing a run needs, ok or what to do. Exits 1 when something is missing. */
export async function doctorCommand({ terminal, host }: CommandContext, options: CommonOptions): Promise<number> {
  const checks = await doctorChecks(await host(), folderOf(terminal, options), terminal.environment);
  if (options.json) printJson(terminal, { ok: checks.every(({ state }) => state !== 'missing'), checks });
  else printLines(terminal, checkLines(checks, styleOf(terminal.stdout, terminal.environment)));
  return checks.some(({ state }) => state === 'missing') ? exitCodes.configuration : exitCodes.done;
}

type Environment = Readonly<Record<string, string | undefined>>;

const textColumn = 14;

export const checkLines = (checks: readonly Check[], given: Style): string[] => {
  const style = uncut(given);
  return checks.flatMap(({ name, state, text, todo }) => {
    const mark = state === 'ok' ? tone('good', '✓') : state === 'warning' ? tone('warn', '!') : tone('bad', '✗');
    const [first = '', ...rest] = wrapText(safeLine(text), given.columns - textColumn);
    const indent = ' '.repeat(textColumn);
    const [act = '', ...more] = wrapText(safeLine(todo), given.columns - textColumn - 2);
    return [
      renderLine([mark, ' ', tone('strong', name.padEnd(textColumn - 2)), first], style),
      ...rest.map((line) => renderLine([indent, line], style)),
      ...(todo === '' ? [] : [renderLine([indent, '→ ', act], style)]),
      ...more.map((line) => renderLine([indent, '  ', line], style)),
    ];
  });
};

async function doctorChecks(host: CliHost, folder: string, env: Environment): Promise<Check[]> {
  const checks = [nodeCheck(process.versions.node), await gitCheck(host)];
  const repository = await attempt('repository', async () => {
    const { facts } = await host.repository(folder);
    const place = facts.topLevel ?? facts.commonDir;
    if (facts.unborn !== undefined) return ok('repository', `${place}, ${facts.unborn}, no commit yet: tasks start from nothing`);
    if (facts.head === null) return missing('repository', `${place}: HEAD leads to no commit`, 'check a branch out: git switch BRANCH');
    return ok('repository', `${place}, ${facts.branch ?? 'detached HEAD'}`);
  });
  checks.push(
    repository,
    await agentCheck(host, env),
    await sandboxCheck(host),
    limitsCheck(process.platform, await host.controllers()),
    await keysCheck(host, env),
  );
  if (repository.state === 'missing') return checks;
  let range = defaultPorts;
  checks.push(...(await boundaryChecks(host, folder, env)));
  checks.push(
    await attempt('settings', async () => {
      const { config, file } = await host.config(folder);
      range = config.ports;
      const test = config.test ?? (await host.detectTest(folder))?.command ?? null;
      const where = file ?? 'no reactor.yaml, defaults';
      return test === null
        ? warning('settings', `${where}; no test command found`, 'set test: in reactor.yaml (reactor init)')
        : ok('settings', `${where}; test: ${test}`);
    }),
    await attempt('ports', async () => {
      const free = await host.freePorts(range);
      const text = `${countText(free)} of ${countText(range.to - range.from + 1)} free in ${range.from}-${range.to}`;
      return free === 0 ? missing('ports', text, 'end what listens there, or set ports: in reactor.yaml') : ok('ports', text);
    }),
    await attempt('data folder', async () => {
      await host.proveWritable(folder);
      const data = await host.dataFolder(folder);
      const free = await host.freeDiskBytes(data);
      const text = `${data}, ${bytesText(free)} free`;
      return free < leastDiskBytes ? warning('data folder', text, 'free some disk space, or set REACTOR_HOME') : ok('data folder', text);
    }),
    await attempt('memory', async () => {
      const free = await host.freeMemoryBytes();
      const text = `${bytesText(free)} available; a cell takes about 0.4 GB`;
      return free < leastMemoryBytes ? warning('memory', text, 'end other programs before running several cells') : ok('memory', text);
    }),
    await attempt('journal', async () => {
      const report = await host.verifyJournal(folder);
      if (report.ok) return ok('journal', `${plural(report.entries, 'entry', 'entries')}, chain whole`);
      return missing(
        'journal',
        `broken at entry ${report.firstBroken}: ${report.what}`,
        'keep a copy of the data folder; see reactor export --verify',
      );
    }),
    ...(await engineChecks(host, folder)),
  );
  return checks;
}

const ok = (name: string, text: string): Check => ({ name, state: 'ok', text, todo: '' });
const warning = (name: string, text: string, todo: string): Check => ({ name, state: 'warning', text, todo });
const missing = (name: string, text: string, todo: string): Check => ({ name, state: 'missing', text, todo });

/** What the settings of the folder take from the boundary of cells; nothing where they take nothing, or can't be read, which is told elsewhere. */
async function boundaryChecks(host: CliHost, folder: string, env: Environment): Promise<Check[]> {
  const { config, file } = await host.config(folder).catch((error: unknown) => {
    if (error instanceof UserFacingError) return { config: null, file: null };
    throw error;
  });
  if (config === null || file === null) return [];
  const machine = SandboxMode.catch('preferred').parse(env['REACTOR_SANDBOX']);
  const requests = [{}, ...config.tasks.map(({ id }) => ({ task: id }))];
  const settings = requests.flatMap((request) =>
    loosenedBy({ request, entry: config.tasks.find(({ id }) => 'task' in request && id === request.task) ?? {}, config, machine }),
  );
  if (settings.length === 0) return [];
  const todo = 'take out what is not your own; `--sandbox` on the command line counts before the file';
  return [warning('boundary', loosenedText({ file, settings: [...new Set(settings)] }), todo)];
}

/** A refusal becomes a line of its own; anything else is a bug and goes on up. */
async function attempt(name: string, check: () => Promise<Check>): Promise<Check> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof UserFacingError)) throw error;
    return missing(name, error.message, error.actions.map((action) => action.replace(/\.$/, '')).join(', or '));
  }
}

function nodeCheck(version: string): Check {
  const isEnough = Number(version.split('.')[0]) >= leastNode;
  return isEnough ? ok('Node', version) : missing('Node', version, `install Node ${leastNode} or newer`);
}

async function gitCheck(host: CliHost): Promise<Check> {
  const version = await host.gitVersion();
  if (version === null) return missing('git', 'not found', `install git ${leastGit.join('.')} or newer`);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > leastGit[0] || (major === leastGit[0] && minor >= leastGit[1]);
  return isEnough ? ok('git', version) : missing('git', version, `install git ${leastGit.join('.')} or newer`);
}

async function agentCheck(host: CliHost, env: Environment): Promise<Check> {
  return await attempt('OpenCode', async () => {
    const found = await host.locateAgentServer();
    if (found === null) {
      const { why, todo } = missingAgentServer(env);
      return missing('OpenCode', safeLine(why), todo);
    }
    return ok('OpenCode', `${found.version}, ${found.path}`);
  });
}

async function sandboxCheck(host: CliHost): Promise<Check> {
  const { boundary, version, ownProc, why, todo, reachable = [] } = await host.probeSandbox();
  if (boundary === null) return warning('sandbox', why, todo === '' ? 'set sandbox: off, and run only agents that you trust' : todo);
  const listing = ownProc ? '' : '; commands such as ps show nothing useful in it';
  if (reachable.length === 0) return ok('sandbox', `${boundary} ${version ?? ''}${listing}`);
  const names = reachable.slice(0, 3).map(safeLine).join(', ');
  return warning(
    'sandbox',
    `${boundary} ${version ?? ''}${listing}; with network: open commands reach the desktop by ${names}`,
    'use network: allowlist or none where that matters, or an X server without abstract sockets (-nolisten local)',
  );
}

/** How cells are kept to their limits: by control groups only what is delegated to the user. */
function limitsCheck(platform: NodeJS.Platform, controllers: readonly string[]): Check {
  const share = 'three quarters of what is there';
  const cpus = controllers.includes('cpu') ? 'cpus: exactly' : 'cpus: by affinity';
  const groups = controllers.length === 0 ? 'no control group is delegated here' : `control groups for ${controllers.join(', ')}`;
  if (platform === 'linux')
    return ok('limits', `by default 2000 processes, memory and disk ${share}; watched each second; ${cpus}; ${groups}`);
  return ok('limits', `by default disk ${share}; watched each second; cpus has no effect here`);
}

/** Whether an engine can be reached, and what it finds that belongs to no run. */
async function engineChecks(host: CliHost, folder: string): Promise<Check[]> {
  let log = '';
  const engine = await attempt('engine', async () => {
    log = await host.engineLogFile(folder);
    const client = await connectAlways(host, folder, false);
    client.dispose();
    return ok('engine', `answers; log: ${log}`);
  });
  if (engine.state === 'missing')
    return [{ ...engine, todo: [engine.todo, log === '' ? '' : `see ${log}`].filter((text) => text !== '').join('; ') }];
  const orphans = await attempt('orphans', async () => {
    const client = await connectAlways(host, folder, false);
    try {
      // Branches of ended runs are results, not leftovers.
      const found = (await client.request('clean', { dryRun: true })).orphans.filter(
        ({ kind }) => kind !== 'branch' && kind !== 'port' && kind !== 'cache',
      );
      return found.length === 0
        ? ok('orphans', 'none')
        : warning('orphans', `${plural(found.length, 'orphan')} left by earlier runs`, 'reactor clean --dry-run lists them');
    } finally {
      client.dispose();
    }
  });
  return [engine, orphans];
}
