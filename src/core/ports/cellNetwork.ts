/** A command of a cell wants to reach something outside. */
export interface ConnectRequest {
  readonly cell: string;
  /** As the command named it, in lower case: a name or an address. */
  readonly host: string;
  readonly port: number;
}

/**
 * The one way out of cells whose commands have a network of their own: HTTP, and what is tunnelled through it. Names are resolved outside, and
 * one that means this machine is not connected to unless it was asked for by that very name or address.
 */
export interface CellNetwork {
  /** @param decide says whether a connection may be made; told to stop when the command has given it up. */
  decideBy(decide: (request: ConnectRequest, signal: AbortSignal) => Promise<boolean>): void;
  /** Before the cell's server starts, or when it is taken over. Opened twice is opened once. */
  open(cell: string): Promise<void>;
  /** Ends the connections there are. */
  close(cell: string): Promise<void>;
}
