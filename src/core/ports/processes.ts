import type { CellLimits } from '../model/sandboxSpec.ts';

/** A process, told apart from a later one with the same pid by its start time. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in the operating system's own unit, as text; only compared for equality. */
  readonly startTime: string;
}

export interface KillReport {
  /** Pids that got a signal. */
  readonly signalled: readonly number[];
  /** Pids that SIGTERM did not end and SIGKILL had to. */
  readonly killed: readonly number[];
  /** Pids still there at the end (uninterruptible); empty in the usual case. */
  readonly left: readonly number[];
}

/** The name of the environment variable that marks every process of a cell; its value is the cell's id. */
export const CELL_MARKER = 'REACTOR_CELL';

/** The same for commands in a sandbox without process namespaces; its value is the pid of the outermost process beside their server. */
export const LEADER_MARKER = 'REACTOR_LEADER';

/** What the processes of a cell use of the machine now. */
export interface CellUse {
  readonly processes: number;
  /** Memory that would be free without them; 0 when it was not to be looked at. */
  readonly memoryBytes: number;
}

/** Looks at one cell again and again, and so still knows processes that have left their parent. */
export interface CellMeter {
  /** @param exactAbove null: memory is not looked at. From so many bytes on, memory that processes share is told apart, which takes longer; below, it counts for each. */
  look(exactAbove: number | null): Promise<CellUse>;
  /** See `ControlGroup`; null also for a cell that has none. */
  memoryAtKill(): number | null;
  /** See `ControlGroup`; none also for a cell that has none. */
  takeLostLimits(): readonly GroupLimit[];
}

export interface Processes {
  /** Null when there is no such process (a zombie counts as none). */
  identify(pid: number): ProcessIdentity | null;
  isAlive(process: ProcessIdentity): boolean;
  /** Every live process whose environment has CELL_MARKER=cell, whatever group or session it moved to. */
  markedWith(cell: string): readonly ProcessIdentity[];
  /**
   * Ends a cell's processes: SIGTERM to the leader's group and to every marked process, `graceMs` later SIGKILL, then looks again
   * until nothing marked is left; then whatever else is in the leader's control group is killed. Never signals a pid whose start time does not match.
   * Not abortable: it is clean-up.
   */
  endCell(cell: string, leader: ProcessIdentity | null, graceMs: number): Promise<KillReport>;
  /** Cells that are looked at in the same turn of the event loop share the one pass over all processes. */
  meter(cell: string, leader: ProcessIdentity | null): CellMeter;
  /** At most so many processes are on this machine, found out in next to no time; null where that can't be. */
  mostOnMachine(): number | null;
  /** Resident memory in bytes of one process, or null when it is gone. Of a sandbox's own process: that of the program in it. */
  residentBytes(pid: number): number | null;
}

/** What a server leaves in its control group has so long to end; as a rule `Processes.endCell` has asked it to (INV-005). */
export const GROUP_GRACE_MS = 5000;

/** A limit of a cell that its control group can keep. */
export type GroupLimit = 'memoryMb' | 'processes' | 'cpus';

/** A control group (cgroup v2) of one server and all that it starts. */
export interface ControlGroup {
  /** Put in front of a command, so that it is in the group before it starts anything. */
  readonly enter: readonly string[];
  /** Bytes of memory at which the kernel killed everything in the group, as it may have no more; null when it has not. Known after `end`, too. */
  memoryAtKill(): number | null;
  /**
   * What it kept when this engine first knew of it, and no longer does, as a controller was switched off or the limit was lifted: each once. None when the
   * group is gone.
   */
  takeLostLimits(): readonly GroupLimit[];
  /** Waits so long until it is empty, then kills what is left in it and removes it; without a word where that can't be. */
  end(graceMs: number): Promise<void>;
}

/** Control groups in the one that the system has delegated to this user, if any. */
export interface ControlGroups {
  /** What can be limited there: `memory`, `pids`, `cpu`; none where no group is delegated. */
  controllers(): readonly string[];
  /** A new group that keeps to what of these limits can be kept there; null where no group is delegated. */
  open(limits: CellLimits): ControlGroup | null;
  /** The group that an engine before this one made for a process; null when it is in none. */
  of(pid: number): ControlGroup | null;
}

/**
 * The small process that ends a cell's processes when the engine dies without saying farewell. The engine tells it of each cell.
 * If the warden itself dies, the adapter starts another and tells it everything again.
 */
export interface Warden {
  readonly process: ProcessIdentity;
  watch(cell: string, leader: ProcessIdentity | null): void;
  forget(cell: string): void;
  /** The engine ends in good order: the warden ends too and kills nothing. Resolves when it has gone. */
  farewell(): Promise<void>;
}

export interface Wardens {
  /**
   * @param graceMs how long after the engine's death a new engine may adopt the cells before they are ended.
   * @param onRestarted called with the new warden when the one before died; what is recorded for `standDown` has to follow.
   */
  start(options: {
    readonly graceMs: number;
    readonly logFile: string;
    readonly onRestarted?: (warden: ProcessIdentity) => void;
  }): Promise<Warden>;
  /** Tells the warden of a dead engine that its cells have been taken over; does nothing when it is gone. */
  standDown(warden: ProcessIdentity): Promise<void>;
}

export interface PortLease {
  readonly port: number;
  /** Gives the port back. Twice does nothing. */
  release(): Promise<void>;
}

export interface PortLeases {
  /**
   * A TCP port on 127.0.0.1 that no other lease of this machine's user, in any repository or window, and no foreign process holds.
   * A lease dies with the process that took it. Null when the range has none free.
   */
  lease(range: { readonly from: number; readonly to: number }, signal?: AbortSignal): Promise<PortLease | null>;
  /** Who listens on a port of this machine: null for nobody; `pid` is null when that can't be told, as for another user's process. */
  listener(port: number): Promise<{ readonly pid: number | null } | null>;
  /** The lease of one port on which a server listens already, after the process that had leased it has died. Null when another one holds it. */
  takeOver(port: number): Promise<PortLease | null>;
  /** Ports whose lease is a dead process's. Such a lease keeps nobody out. */
  abandoned(): readonly number[];
  /** Removes the lease of a dead process; false when it is a live one's. */
  forget(port: number): boolean;
}
