/** One process as the operating system lists it. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** In the system's own unit; only compared for equality. */
  readonly startTime: string;
  /** It has ended and only waits for its parent to take notice; it holds its pid but runs nothing. */
  readonly ended: boolean;
}

export interface ProcessScan {
  /** Every process of the machine that could be read, by pid, ended ones included. */
  readonly rows: ReadonlyMap<number, ProcessRow>;
  /** Values of CELL_MARKER in the environment by pid, for those that have one. Processes of other users are not readable and never in it. */
  readonly cells: ReadonlyMap<number, readonly string[]>;
}

/** What differs between operating systems in looking at processes. Every look is synchronous, so that nothing happens in between. */
export interface ProcessTable {
  /** Null when there is no such pid. */
  row(pid: number): ProcessRow | null;
  /** One pass over all processes. */
  scan(): ProcessScan;
  /** An upper bound of the processes there are, without looking at each; null where there is none to be had. */
  most(): number | null;
  /** Resident memory in bytes; null when the process is gone. Of a sandbox's own process: that of the program in it. */
  residentBytes(pid: number): number | null;
  /**
   * Memory of these processes that is not just a part of a file, in bytes: an upper bound, in which what they share counts for each. With
   * `exact` it counts once, which takes longer to find out.
   */
  takenBytes(pids: readonly number[], exact: boolean): number;
}
