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
  /** Pids whose environment carries the cell's marker. Processes of other users are not readable and never among them. */
  readonly marked: ReadonlySet<number>;
}

/** What differs between operating systems in looking at processes. Every look is synchronous, so that nothing happens in between. */
export interface ProcessTable {
  /** Null when there is no such pid. */
  row(pid: number): ProcessRow | null;
  /** One pass over all processes. */
  scan(cell: string): ProcessScan;
  /** Resident memory in bytes; null when the process is gone. */
  residentBytes(pid: number): number | null;
}
