/** How one test in the extension host came out; a list of these is what the tests leave behind. */
export interface HostResult {
  readonly suite: string;
  readonly title: string;
  /** `begun` stays when the host ended or hung during the test. */
  readonly state: 'begun' | 'passed' | 'failed' | 'skipped';
  readonly error: string | null;
}
