import type { CellLimits, NetworkMode } from '../model/sandboxSpec.ts';

/** What this machine can do. */
export interface SandboxProbe {
  /** Null: there is no boundary that works. */
  readonly boundary: 'bubblewrap' | 'seatbelt' | null;
  readonly version: string | null;
  /** A command sees its own processes in /proc. False where the kernel allows no second /proc: then process listings fail in commands. */
  readonly ownProc: boolean;
  /** Why there is none, one sentence; empty when there is one. */
  readonly why: string;
  /** What a person can do about it; empty when nothing. */
  readonly todo: string;
  /** Programs that obey whoever reaches them, by names that no boundary but that of the network covers. */
  readonly reachable?: readonly string[];
}

/** One thing laid over what the cell would see of the file system. Later ones lie over earlier ones. */
export interface Mount {
  readonly kind: 'readOnly' | 'writable' | 'empty' | 'proc' | 'devices' | 'nothing';
  readonly path: string;
  /** What is seen at `path`; the same path when left out. */
  readonly from?: string;
  /** Left out when `from` is not there. */
  readonly optional?: boolean;
  /** Most that an empty folder takes of memory, where it is to take less than usual. */
  readonly bytes?: number;
}

/** What a run asks of its cell's boundary. */
export interface CellBoundary {
  readonly network: NetworkMode;
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly limits: CellLimits;
  /** The cell's own view of the repository's git folder. */
  readonly git: readonly Mount[];
}

export interface EncloseRequest extends CellBoundary {
  readonly cell: string;
  readonly worktree: string;
  /** The cell's own folder. */
  readonly home: string;
  /** Parts of it that nothing in the cell may change, because the server believes them. */
  readonly fixed: readonly string[];
  readonly executable: string;
  /** The user's files that the server needs and commands must not see. */
  readonly serverOnly: readonly string[];
  /** The user's files with keys whose content the server is handed: nothing in the cell is to see them. */
  readonly handedOver: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ports of this machine that are leased for the cell's own app. */
  readonly ports?: readonly number[];
  /** Shell lines that set what a command may use, for a boundary that hands commands to another process. */
  readonly begin?: readonly string[];
}

/** How commands of a cell are started. */
export interface CommandEnclosure {
  /**
   * Put in front of a program and its arguments. For a command of the agent, the tests or the setup, started by the server: as above, and neither the server nor its folder. Has to be
   * started by a shell, with `streams` behind it.
   * @param seen files of the server's folder that this one command may read.
   * @param inGate with the home and the temporary folder that are laid in `gate` of the cell's own folder.
   */
  readonly command: (seen?: readonly { readonly from: string; readonly path: string }[], inGate?: boolean) => readonly string[];
  /** The cell's own folder, where commands can have another home; null for a boundary of before there was one. */
  readonly gateIn: string | null;
  /**
   * Redirections. A sandbox lives as long as a process that the command left behind; with the command's own streams in its hands it would look
   * as if the command had not ended.
   */
  readonly streams: string;
  /** PATH for what runs outside of it beside the server: folders that nothing in the cell can write. The command itself finds the user's. */
  readonly path: string;
}

/** How a cell's programs are started. */
export interface Enclosure extends CommandEnclosure {
  /** File that `server` reads as descriptor 3 when it starts; null when it reads none. */
  readonly descriptor: string | null;
  /**
   * Put in front of the agent server and its arguments: it sees the worktree and its own folder, and of the rest of the machine programs and
   * settings, which it can't change.
   */
  readonly server: readonly string[];
  /** Variables that commands need to find their way in it. */
  readonly environment: Readonly<Record<string, string>>;
  /** What `recall` makes the same boundary of commands from, to be written down where nothing in the cell can change it. */
  readonly record: string;
}

export interface Sandbox {
  /** Tries it. That there is a boundary is remembered; that there is none is looked at again. */
  probe(): Promise<SandboxProbe>;
  /** @throws Error where `probe` found no boundary. */
  enclose(request: EncloseRequest): Promise<Enclosure>;
  /** The boundary of commands in a cell that was enclosed before, by an engine that is gone. Null when `record` is none of this version's. */
  recall(record: string): CommandEnclosure | null;
}
