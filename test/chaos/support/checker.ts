import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { checkCounted, type JournaledCharge, readCounted } from './moneyCheck.ts';

/*
 * Looks at what is there with other means than Reactor's own: the repository by git, the journal by plain SQL and a hash chain of its own,
 * processes by /proc. Shares no fold, no reader and no git adapter with what it checks.
 */

export interface Entry {
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly run: string | null;
  readonly cell: string | null;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: what the journal has as JSON, read on purpose without the schemas of what wrote it.
  readonly data: any;
}

export interface Watched {
  readonly repository: string;
  readonly journal: string;
  /** Folder of the world that is checked: every process of it has a path below in its environment. */
  readonly room: string;
  readonly target: string;
  /** Exits with 0 in a folder whose content is green. */
  readonly test: string;
  /** File with the sums of money of all repositories, and folder of the leases of ports. */
  readonly spending: string;
  readonly ports: string;
  /** What each model call that was answered in full was charged with; the first number is no other call's. */
  readonly charged: () => readonly { readonly input: number; readonly at: number }[];
}

const git = (repository: string, ...args: string[]): string =>
  execFileSync('git', args, { cwd: repository, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env: quietEnvironment() }).trimEnd();

const quietEnvironment = (): NodeJS.ProcessEnv => ({ ...process.env, GIT_OPTIONAL_LOCKS: '0', GIT_CONFIG_NOSYSTEM: '1' });

/** All entries, and what is wrong with the chain. */
export function readJournal(file: string): { readonly entries: readonly Entry[]; readonly problems: readonly string[] } {
  if (!existsSync(file)) return { entries: [], problems: [] };
  const database = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
  try {
    database.exec('BEGIN');
    const rows = database.prepare('SELECT seq, at, run, cell, actor, type, version, data, prevHash, hash FROM entries ORDER BY seq').all();
    const head = database.prepare("SELECT value FROM meta WHERE key = 'head'").get();
    const problems: string[] = [];
    let before = '0'.repeat(64);
    for (const [index, row] of rows.entries()) {
      const text = JSON.stringify([
        row['seq'],
        row['at'],
        row['run'],
        row['cell'],
        row['actor'],
        row['type'],
        row['version'],
        row['data'],
        row['prevHash'],
      ]);
      const hash = createHash('sha256').update(text).digest('hex');
      if (row['seq'] !== index + 1) problems.push(`entry ${index + 1} is missing from the journal`);
      if (row['prevHash'] !== before || row['hash'] !== hash) problems.push(`the chain is broken at entry ${row['seq']}`);
      before = String(row['hash']);
      if (problems.length > 0) break;
    }
    if (problems.length === 0 && rows.length > 0 && head?.['value'] !== `${rows.length}:${before}`) {
      problems.push(`the last entry is ${rows.length}, but ${String(head?.['value'])} was written`);
    }
    const entries = rows.map((row) => ({
      seq: Number(row['seq']),
      at: Number(row['at']),
      run: row['run'] === null ? null : String(row['run']),
      cell: row['cell'] === null ? null : String(row['cell']),
      type: String(row['type']),
      data: JSON.parse(String(row['data'])) as unknown,
    }));
    return { entries, problems };
  } finally {
    database.close();
  }
}

/** Number of the last entry; 0 while there is none. */
export function lastEntry(file: string): number {
  if (!existsSync(file)) return 0;
  const database = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
  try {
    return Number(database.prepare('SELECT max(seq) AS last FROM entries').get()?.['last'] ?? 0);
  } catch {
    // Its tables are just being made.
    return 0;
  } finally {
    database.close();
  }
}

/** Number of the last entry of any run of a task; 0 while there is none. */
export function lastEntryOfTask(file: string, task: string): number {
  if (!existsSync(file)) return 0;
  const database = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
  try {
    return Number(database.prepare('SELECT max(seq) AS last FROM entries WHERE run LIKE ?').get(`${task}-r%`)?.['last'] ?? 0);
  } catch {
    // Its tables are just being made.
    return 0;
  } finally {
    database.close();
  }
}

export interface Runs {
  readonly open: ReadonlySet<string>;
  /** Cells of open runs. */
  readonly cells: ReadonlySet<string>;
}

/** Which runs have begun and not finished. */
export function openRuns(entries: readonly Entry[]): Runs {
  const open = new Set<string>();
  for (const { type, run, data } of entries) {
    if (type === 'run/requested') open.add(data.run);
    if (type === 'run/finished' && run !== null) open.delete(run);
  }
  const cells = new Set(
    entries.flatMap(({ type, run, cell }) => (type === 'cell/planned' && run !== null && cell !== null && open.has(run) ? [cell] : [])),
  );
  return { open, cells };
}

const greenTrees = new Map<string, boolean>();

/** Whether the test passes in a fresh folder with exactly this tree. */
function isGreen({ repository, test }: Watched, tree: string): boolean {
  const known = greenTrees.get(tree);
  if (known !== undefined) return known;
  const folder = mkdtempSync(join(tmpdir(), 'tree-'));
  try {
    const archive = execFileSync('git', ['archive', '--format=tar', tree], { cwd: repository, maxBuffer: 1e9 });
    execFileSync('tar', ['-xf', '-', '-C', folder], { input: archive });
    let green = true;
    try {
      execFileSync('/bin/sh', ['-c', test], { cwd: folder, stdio: 'ignore' });
    } catch {
      green = false;
    }
    greenTrees.set(tree, green);
    return green;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Commits of the target and of the journal: none lost, none twice, none red. */
function checkCommits(watched: Watched, entries: readonly Entry[], isAtRest: boolean): string[] {
  const { repository, target } = watched;
  const problems: string[] = [];
  const log = git(repository, 'log', '--format=%H %T %(trailers:key=Reactor-Run,valueonly,separator=%x2C)', target).split('\n');
  const commits = log.map((line) => line.split(' ')).map(([commit = '', tree = '', run = '']) => ({ commit, tree, run }));
  // What a merge brings bears the same name as the merge.
  const brought = new Set(
    git(repository, 'log', '--merges', '--format=%P', target)
      .split('\n')
      .map((parents) => parents.split(' ')[1]),
  );
  const seen = new Map<string, string>();
  for (const { commit, tree, run } of commits) {
    if (run !== '' && seen.has(run) && !brought.has(commit)) problems.push(`${run} is on ${target} twice: ${seen.get(run)} and ${commit}`);
    if (run !== '') seen.set(run, commit);
    if (!isGreen(watched, tree)) problems.push(`red tree ${tree} of ${run || commit} is on ${target}`);
  }
  const { open } = openRuns(entries);
  const landed = entries.filter(({ type }) => type === 'landing/landed');
  for (const { run, data } of landed) {
    if (!commits.some(({ commit }) => commit === data.to)) problems.push(`${run} has landed as ${data.to}, which is not on ${target}`);
    if (landed.filter((other) => other.run === run).length > 1) problems.push(`${run} is recorded as landed twice`);
  }
  for (const run of seen.keys()) {
    const isRecorded = landed.some((entry) => entry.run === run);
    if (!isRecorded && (isAtRest || !open.has(run))) problems.push(`${run} is on ${target} and its landing is not recorded`);
  }
  return [...new Set([...problems, ...checkKept(repository, entries)])];
}

const keepers = ['attempt/candidateBuilt', 'attempt/interrupted', 'landing/reworked'];
const makers = ['attempt/committed', 'attempt/stepCommitted'];

/** What was kept or committed is reachable from a ref: git throws away what only lies about. */
export function checkKept(repository: string, entries: readonly Entry[]): string[] {
  const refs = new Set(git(repository, 'for-each-ref', '--format=%(refname)').split('\n'));
  // Not `--all`: what a worktree that is just being made has checked out is no commit yet.
  const reachable = new Set(git(repository, 'rev-list', '--glob=refs/').split('\n'));
  return entries.flatMap(({ type, run, data }) => {
    const ref: string | null = keepers.includes(type) ? data.keptRef : null;
    const commit: string | null = makers.includes(type) ? data.commit : type === 'attempt/candidateBuilt' ? data.keptCommit : null;
    return [
      ...(ref === null || refs.has(ref) ? [] : [`${ref} of ${run} is recorded and not there`]),
      ...(commit === null || reachable.has(commit) ? [] : [`commit ${commit} of ${run} (${type}) is reachable from no ref`]),
    ];
  });
}

/** Each message and each call is charged once, and what is charged as reported is a call that the model has really answered. */
function checkCharges(watched: Watched, entries: readonly Entry[]): string[] {
  const problems: string[] = [];
  const messages = entries.filter(({ type }) => type === 'message/finished').map(({ data }) => String(data.message.messageId));
  const charges = chargesIn(entries);
  problems.push(...twice(messages).map((id) => `message ${id} is recorded twice`));
  problems.push(...twice(charges.map(({ key }) => key)).map((key) => `charge ${key} is recorded twice`));
  const calls = charges.filter(({ isEstimated, input }) => !isEstimated && input > 0).map(({ input }) => input);
  problems.push(...twice(calls).map((input) => `model call ${input} is charged twice`));
  const answered = new Set(watched.charged().map(({ input }) => input));
  problems.push(...calls.filter((input) => !answered.has(input)).map((input) => `a charge of ${input} tokens that no model call had`));
  return problems;
}

const twice = <T>(all: readonly T[]): T[] => all.filter((one, index) => all.indexOf(one) !== index);

/** A call that was broken off has no report of its tokens: its charge is an estimate, and says so. */
const chargesIn = (entries: readonly Entry[]): (JournaledCharge & { readonly input: number; readonly isEstimated: boolean })[] =>
  entries.flatMap(({ type, data: { charge } }) =>
    type === 'charge/recorded'
      ? [{ key: String(charge.key), usd: charge.costUsd, input: Number(charge.tokens.input), isEstimated: charge.estimated === true }]
      : [],
  );

/** Calls that the model has answered and no journal was charged with. */
export function uncharged(watched: Watched, journals: readonly string[]): { readonly input: number; readonly at: number }[] {
  const known = new Set(
    journals.flatMap((file) => chargesIn(readJournal(file).entries).flatMap(({ input, isEstimated }) => (isEstimated ? [] : [input]))),
  );
  return watched.charged().filter(({ input }) => !known.has(input));
}

export interface FoundProcess {
  readonly pid: number;
  readonly parent: number;
  readonly commandLine: string;
  readonly cell: string | null;
  readonly isCommand: boolean;
}

/** Longer than a fork needs to become another program. */
const FORK_SECONDS = 0.2;

const read = (file: string): string => {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
};

/** Live processes of the world. Agent servers inherit none of Reactor's variables, so a path below the room has to tell them. */
export function processes(room: string): FoundProcess[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const environment = `\0${read(`/proc/${name}/environ`)}`;
    const stat = read(`/proc/${name}/stat`);
    const [state = 'X', parent = '0'] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const isOfRoom = environment.includes(`=${room}/`) || environment.includes(`=${room}\0`);
    if (!isOfRoom || state === 'Z' || state === 'X') return [];
    return [
      {
        pid: Number(name),
        parent: Number(parent),
        commandLine: read(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim(),
        cell: /\0REACTOR_CELL=([^\0]+)/.exec(environment)?.[1] ?? null,
        isCommand: environment.includes('\0REACTOR_COMMAND='),
      },
    ];
  });
}

/** Cells that two servers serve at once, in two looks: between them what a server has forked becomes another program. */
function doubleServers(room: string, cells: ReadonlySet<string>): string[] {
  const first = servers(room, cells);
  const isDouble = (one: FoundProcess, all: readonly FoundProcess[]): boolean =>
    all.some(({ cell, pid }) => cell === one.cell && pid !== one.pid);
  const suspects = first.filter((one) => isDouble(one, first));
  if (suspects.length === 0) return [];
  execFileSync('sleep', [String(FORK_SECONDS)]);
  const second = servers(room, cells).filter(({ pid }) => suspects.some((suspect) => suspect.pid === pid));
  return second
    .filter((one) => isDouble(one, second))
    .map(
      ({ cell, pid, parent, commandLine }) =>
        `cell ${cell} has two servers; ${pid}, started by ${parent}, is one: ${commandLine.slice(0, 100)}`,
    );
}

function servers(room: string, cells: ReadonlySet<string>): FoundProcess[] {
  const serving = processes(room).filter(
    ({ cell, commandLine }) => cell !== null && cells.has(cell) && /opencode\S* serve/.test(commandLine),
  );
  return serving.filter(({ parent }) => !serving.some(({ pid }) => pid === parent));
}

/** No process of a cell that has ended, no second server of one cell, and no lock of git's. */
function checkLeftovers(watched: Watched, entries: readonly Entry[], isAtRest: boolean): string[] {
  const problems: string[] = [];
  const gitFolder = git(watched.repository, 'rev-parse', '--absolute-git-dir');
  const { cells } = openRuns(entries);
  const own = new Set(entries.flatMap(({ cell }) => (cell === null ? [] : [cell])));
  const live = processes(watched.room).filter(({ cell }) => cell !== null && own.has(cell));
  for (const { pid, cell, commandLine } of live) {
    if (!cells.has(cell ?? '')) problems.push(`process ${pid} of the ended cell ${cell} is left: ${commandLine.slice(0, 100)}`);
  }
  problems.push(...doubleServers(watched.room, own));
  if (!isAtRest) return problems;
  const locks = readdirSync(gitFolder, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.lock') && !path.startsWith('objects'),
  );
  problems.push(...locks.map((path) => `git's lock ${path} is left`));
  const worktrees = git(watched.repository, 'worktree', 'list', '--porcelain')
    .split('\n')
    .filter((line) => line.startsWith('worktree ')).length;
  if (cells.size === 0 && worktrees > 1) problems.push(`${worktrees - 1} worktrees are left`);
  if (live.length === 0) problems.push(...heldPorts(watched));
  return problems;
}

/** Leases of ports that a live engine of the repository holds though no cell of it lives. One of a dead process holds nobody up. */
export function heldPorts({ room, repository, ports }: Pick<Watched, 'room' | 'repository' | 'ports'>): string[] {
  const engines = processes(room).filter(({ commandLine }) => commandLine.endsWith(` engine --repo ${repository}`));
  return readdirSync(ports)
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => engines.some(({ pid }) => read(join(ports, name)).startsWith(`${pid}-`)))
    .map((name) => `port ${name} is still leased`);
}

/**
 * What is wrong now; empty when nothing is.
 * @param isAtRest no run is being driven: then nothing may be half recorded, either.
 */
export function problemsOf(watched: Watched, isAtRest: boolean): string[] {
  // The processes first: one that starts while the journal is read is not held against it.
  const counted = readCounted(watched.spending, realpathSync(git(watched.repository, 'rev-parse', '--absolute-git-dir')));
  const first = readJournal(watched.journal);
  const problems = [
    ...first.problems,
    ...checkCharges(watched, first.entries),
    ...checkCounted(counted, chargesIn(first.entries), isAtRest),
  ];
  const commits = checkCommits(watched, readJournal(watched.journal).entries, isAtRest);
  // A commit may land between the look at git and the one at the journal; the second look then agrees.
  problems.push(...(commits.length === 0 ? [] : checkCommits(watched, readJournal(watched.journal).entries, isAtRest)));
  return [...problems, ...checkLeftovers(watched, readJournal(watched.journal).entries, isAtRest)];
}
