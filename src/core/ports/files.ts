export interface CellFolders {
  /** Does not exist yet when the cell is new; its parent does. */
  readonly worktree: string;
  readonly home: string;
  /** For the git folder that a sandboxed cell sees; may not exist. */
  readonly git: string;
  readonly serverLog: string;
}

export interface Volume {
  readonly bytes: number;
  readonly files: number;
}

export interface ChangedFiles {
  /** Below the folder that was looked through. */
  readonly paths: readonly string[];
  /** False when there are more. */
  readonly isWhole: boolean;
}

/** What a volume has room for. */
export interface FreeSpace {
  readonly bytes: number;
  /** Null where files are not counted. */
  readonly files: number | null;
}

/** Reactor's own data folder of one repository. Nothing outside it is ever written or removed. */
export interface DataFiles {
  /** Absolute paths for a cell; makes the folders around them, or takes those that are made ahead. */
  cellFolders(cell: string): Promise<CellFolders>;
  /** Makes the folders of the next cell ahead, in a while in which nothing waits for them. */
  prepareCell(): Promise<void>;
  /** Absolute path for the output of a command; makes its folder. */
  outputFile(run: string, name: string): Promise<string>;
  /** Applies `edit` to the text of an output file, in parts that end with a line; writes it anew only when that changed something. */
  editOutput(path: string, edit: (text: string) => string): Promise<void>;
  /** The path below the data folder, as it is journaled. */
  relative(path: string): string;
  exists(path: string): Promise<boolean>;
  /** What a cell's worktree and folder take on disk, and how many files and folders are in them. Takes as long as it takes to look at each. */
  cellSize(cell: string): Promise<Volume>;
  /** What is used of the volume that all cells are on; null where the system does not say. Takes no time. */
  volume(): Promise<Volume | null>;
  /** What the volume that all cells are on has room for; null where the system does not say. Takes no time. */
  freeSpace(): Promise<FreeSpace | null>;
  /**
   * What has one of these names in a folder, or lies below what has, and was written, made, renamed or otherwise changed since a moment. A folder counts
   * when something came to it or left it. Git's own folders are left out; links are followed only where they have such a name.
   * @param request.since milliseconds since the epoch, by the machine's clock.
   * @throws Error when it can't be found out, or takes too long.
   */
  changedSince(
    request: { readonly folder: string; readonly names: readonly string[]; readonly since: number },
    signal?: AbortSignal,
  ): Promise<ChangedFiles>;
  /**
   * Removes files that were written, made, renamed or otherwise changed since a moment, and folders that were made since and hold nothing then. Links are
   * not followed.
   * @param request.places files and folders below `folder` that are looked through.
   * @param request.without names of files and folders that are left as they are, at any depth.
   * @returns the files that are gone.
   * @throws Error when it can't be found out, or takes too long.
   */
  removeChanged(
    request: { readonly folder: string; readonly places: readonly string[]; readonly without: readonly string[]; readonly since: number },
    signal?: AbortSignal,
  ): Promise<readonly string[]>;
  /** Removes files below a folder, and no folders. @returns those that it could not, and those that lie behind a link and so elsewhere. */
  removeFiles(folder: string, paths: readonly string[]): Promise<readonly string[]>;
  /** Removes a cell's folder with all in it. Succeeds when it is already gone. */
  removeCell(cell: string): Promise<void>;
  /** What commands of runs have printed: one for each run, with the time of its last file and the size of all. */
  listOutputs(): Promise<readonly { readonly run: string; readonly at: number; readonly bytes: number }[]>;
  removeOutputs(run: string): Promise<void>;
  /** Names of what was made once for a version of the agent server. */
  listTemplates(): Promise<readonly string[]>;
  removeTemplate(name: string): Promise<void>;
  /** Ids of the cells that have a folder. */
  listCells(): Promise<readonly string[]>;
}

/** Random identifiers. */
export interface Ids {
  /** Lower-case letters and digits, unguessable enough to tell things apart. */
  short(): string;
}
