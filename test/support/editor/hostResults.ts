/** How one test in the extension host came out; a list of these is what the tests leave behind. */
export interface HostResult {
  readonly suite: string;
  readonly title: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  readonly error: string | null;
}
