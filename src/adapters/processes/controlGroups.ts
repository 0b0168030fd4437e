import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import type { Clock } from '../../base/clock.ts';
import { errorText, type Log } from '../../base/log.ts';
import type { CellLimits } from '../../core/model/sandboxSpec.ts';
import { mostThreads } from '../../core/policy/cellLimits.ts';
import type { ControlGroup, ControlGroups, GroupLimit } from '../../core/ports/processes.ts';

const NAME = 'reactor-cell-';
const BYTES_PER_MB = 1e6;
const PERIOD_US = 100_000;
const TRIAL_LIMIT_MS = 10_000;
/** What is empty and as old as this was left by an engine that died. */
const LEFT_AFTER_MS = 60_000;
const EMPTY_EVERY_MS = 50;
/** Processes take a moment to be gone. */
const REMOVE_AFTER_MS = [0, 20, 100, 500, 2_000];
const USED = ['memory', 'pids', 'cpu'] as const;

type Controller = (typeof USED)[number];

/** Files of a group that are there as long as its controller is on, and what each of them keeps. */
const KEPT: readonly (readonly [GroupLimit, string])[] = [
  ['memoryMb', 'memory.max'],
  ['processes', 'pids.max'],
  ['cpus', 'cpu.max'],
];

/** What the system says of where groups may be made. */
export interface GroupPlaces {
  /** Content of /proc/self/mountinfo. */
  readonly mounts: string;
  /** Content of /proc/self/cgroup. */
  readonly membership: string;
  /** Root may write everywhere, and where systemd divides the machine that does not make it root's to divide. */
  readonly isForeign: boolean;
}

interface Delegated {
  readonly folder: string;
  readonly controllers: readonly Controller[];
}

const MOUNT = /^\S+ \S+ \S+ (\S+) (\S+) .*? - cgroup2 /m;
const MEMBERSHIP = /^0::(\/.*)$/m;
/** The outermost one: a cell may make groups below its own. */
const CELL_GROUP = new RegExp(`^0::((?:/.*?)?/${NAME}[0-9a-f]+)(?:/.*)?$`, 'm');

/** Where the files of a group are, by the path that the kernel tells of it; null for one outside what is mounted, and without version 2. */
function folderOf(group: string, mounts: string): string | null {
  const [, root = '', mount = ''] = MOUNT.exec(mounts) ?? [];
  const prefix = root === '/' ? '' : root;
  if (root === '' || group.split('/').includes('..') || (group !== root && !group.startsWith(`${prefix}/`))) return null;
  return join(unescaped(mount), group.slice(prefix.length) || '/');
}

/**
 * The nearest control group (version 2) around this process in which groups may be made and moved into, with what can be limited there: as systemd delegates
 * it to a user, or a container to its own. Nothing is switched on in it. Null where there is none, and in a cell, whose group is not to be left.
 * @param takes tries whether a group in this folder can be entered.
 */
export function delegatedGroup({ mounts, membership, isForeign }: GroupPlaces, takes = takesProcesses): Delegated | null {
  const own = MEMBERSHIP.exec(membership)?.[1];
  const at = own === undefined ? null : folderOf(own, mounts);
  if (at === null || isForeign || CELL_GROUP.test(membership)) return null;
  const top = folderOf(MOUNT.exec(mounts)?.[1] ?? '/', mounts);
  for (let folder = at; ; folder = dirname(folder)) {
    const controllers = USED.filter((name) => enabledIn(folder).includes(name));
    if (controllers.length > 0 && [folder, join(folder, 'cgroup.procs')].every(isWritable) && takes(folder)) return { folder, controllers };
    if (folder === top || folder === dirname(folder)) return null;
  }
}

/** Tried, as permissions are not all that the kernel asks for: groups of threads, for one, take no process. */
function takesProcesses(parent: string): boolean {
  const folder = join(parent, newName());
  try {
    mkdirSync(folder);
    const trial = ['-c', 'echo 0 2>/dev/null >"$0"; cat /proc/self/cgroup', join(folder, 'cgroup.procs')];
    return spawnSync('/bin/sh', trial, { encoding: 'latin1', timeout: TRIAL_LIMIT_MS }).stdout.includes(basename(folder));
  } catch {
    return false;
  } finally {
    removeEmpty(folder);
  }
}

/** Control groups for cells, in the one that is delegated to this process. */
export function createControlGroups(dependencies: {
  readonly clock: Clock;
  readonly log: Log;
  /** The machine's own by default. */
  readonly places?: GroupPlaces;
  /** Tries whether a group in this folder can be entered. */
  readonly takes?: (folder: string) => boolean;
}): ControlGroups {
  const { clock, log, takes = takesProcesses } = dependencies;
  const places = (): GroupPlaces => dependencies.places ?? placesOf();
  const known = new Map<string, ControlGroup>();
  const groupIn = (folder: string): ControlGroup => {
    const group = known.get(folder) ?? controlGroup(folder, clock, () => known.delete(folder));
    known.set(folder, group);
    return group;
  };
  let parent: Delegated | null | undefined;
  const place = (): Delegated | null => {
    if (parent !== undefined) return parent;
    parent = delegatedGroup(places(), takes);
    if (parent !== null) removeLeft(parent.folder, clock.now());
    return parent;
  };
  return {
    controllers: () => place()?.controllers ?? [],
    open(limits) {
      const at = place();
      if (at === null) return null;
      const folder = join(at.folder, newName());
      try {
        mkdirSync(folder);
        for (const { file, value, optional } of settingsOf(limits, at.controllers))
          if (optional !== true || existsSync(join(folder, file))) writeFileSync(join(folder, file), value);
        return groupIn(folder);
      } catch (error) {
        log.log('warn', 'a control group could not be made', { error: errorText(error) });
        removeEmpty(folder);
        return null;
      }
    },
    of(pid) {
      const { mounts, membership } = places();
      const own = CELL_GROUP.exec(read(`/proc/${pid}/cgroup`))?.[1];
      // The cell that this process is in is not its own to end.
      if (own === undefined || own === CELL_GROUP.exec(membership)?.[1]) return null;
      const folder = folderOf(own, mounts);
      return folder !== null && existsSync(folder) ? groupIn(folder) : null;
    },
  };
}

const newName = (): string => `${NAME}${randomBytes(8).toString('hex')}`;

const placesOf = (): GroupPlaces => ({
  mounts: read('/proc/self/mountinfo'),
  membership: read('/proc/self/cgroup'),
  isForeign: process.platform !== 'linux' || (process.getuid?.() === 0 && existsSync('/run/systemd/system')),
});

function controlGroup(folder: string, clock: Clock, onRemoved: () => void): ControlGroup {
  let seen: number | null = null;
  const isKept = ([, file]: (typeof KEPT)[number]): boolean => !/^(max\b|$)/.test(read(join(folder, file)));
  let kept = KEPT.filter(isKept);
  const memoryAtKill = (): number | null => {
    const events = read(join(folder, 'memory.events'));
    const isOver = ['oom', 'oom_kill'].every((name) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(events)?.[1] ?? 0) > 0);
    if (isOver) seen ??= Number.parseInt(read(join(folder, 'memory.max')), 10);
    return seen;
  };
  return {
    // 0 stands for who writes it.
    enter: ['/bin/sh', '-c', 'echo 0 2>/dev/null >"$0"; exec "$@"', join(folder, 'cgroup.procs')],
    memoryAtKill,
    takeLostLimits() {
      const lost = kept.filter((limit) => !isKept(limit));
      // Looked for afterwards: a group that is gone has no files, either.
      if (lost.length === 0 || !existsSync(join(folder, 'cgroup.procs'))) return [];
      kept = kept.filter((limit) => !lost.includes(limit));
      return lost.map(([name]) => name);
    },
    async end(graceMs) {
      memoryAtKill();
      const until = clock.monotonic() + graceMs;
      while (clock.monotonic() < until && /^populated 1$/m.test(read(join(folder, 'cgroup.events')))) await clock.sleep(EMPTY_EVERY_MS);
      try {
        writeFileSync(join(folder, 'cgroup.kill'), '1');
      } catch {
        // Before Linux 5.14: what is left ends as it would without a group.
      }
      for (const waitMs of REMOVE_AFTER_MS) {
        if (waitMs > 0) await clock.sleep(waitMs);
        if (removeEmpty(folder)) {
          onRemoved();
          return;
        }
      }
    },
  };
}

interface Setting {
  readonly file: string;
  readonly value: string;
  /** Not on every kernel. */
  readonly optional?: boolean;
}

/** Of memory and processes more than the cell may have: the engine's look says why a cell ends, this stops what is faster. */
function settingsOf({ memoryMb, processes, cpus }: CellLimits, controllers: readonly Controller[]): Setting[] {
  const may = (name: Controller): boolean => controllers.includes(name);
  const settings: Setting[] = [];
  if (memoryMb !== null && may('memory')) {
    settings.push(
      { file: 'memory.max', value: `${2 * memoryMb * BYTES_PER_MB}` },
      { file: 'memory.swap.max', value: '0', optional: true },
      // Else the kernel picks one process, which may be the server, and the rest goes on.
      { file: 'memory.oom.group', value: '1', optional: true },
    );
  }
  if (processes !== null && may('pids')) settings.push({ file: 'pids.max', value: `${mostThreads(processes)}` });
  if (cpus !== null && cpus < availableParallelism() && may('cpu'))
    settings.push({ file: 'cpu.max', value: `${cpus * PERIOD_US} ${PERIOD_US}` });
  return settings;
}

function removeLeft(parent: string, now: number): void {
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(NAME))) {
    const folder = join(parent, name);
    const made = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (now - made > LEFT_AFTER_MS) removeEmpty(folder);
  }
}

/** With what was made below it. True when it is gone. The kernel keeps one that has processes. */
function removeEmpty(folder: string): boolean {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) removeEmpty(join(folder, entry.name));
    rmdirSync(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

const enabledIn = (folder: string): string[] => read(join(folder, 'cgroup.subtree_control')).trim().split(/\s+/);

/** As the kernel writes paths with blanks in them. */
const unescaped = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
