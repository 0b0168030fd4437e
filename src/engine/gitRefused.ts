/**
 * Git would not do what a run needs to come to its end, for a reason that only a person can mend: a signature that can't be made, a hook that says no. Nothing
 * is lost by it: the run waits, and can be resumed.
 */
export class GitRefused extends Error {
  /** Trying again would come out the same, or ask the person again. */
  readonly isFinal: boolean;
  constructor(message: string, isFinal: boolean) {
    super(message);
    this.name = 'GitRefused';
    this.isFinal = isFinal;
  }
}
