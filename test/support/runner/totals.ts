/** One line the reporter writes as the tests go, so that a process that dies or hangs still leaves what it did. */
export type ReportLine =
  | { readonly kind: 'start'; readonly title: string; readonly file: string }
  /** `ms` is for who looks for what takes the time. */
  | { readonly kind: 'pass'; readonly ms?: number }
  | { readonly kind: 'pending'; readonly title: string }
  | { readonly kind: 'fail'; readonly title: string; readonly error: string }
  | { readonly kind: 'end' }
  /** The tests had ended, but something kept the process alive: the kinds of it, as Node names them. */
  | { readonly kind: 'lingered'; readonly because: readonly string[] };

export interface Failure {
  readonly title: string;
  readonly error: string;
}

/** What one suite or one check came to. */
export interface Outcome {
  readonly name: string;
  readonly passed: number;
  readonly skipped: number;
  readonly failures: readonly Failure[];
  readonly durationMs: number;
  /** What people should know although nothing failed. */
  readonly notes?: readonly string[];
}

/** How the process of a suite ended. */
export interface ProcessEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  /** Last part of what the process printed. */
  readonly outputTail: string;
}

export const parseReport = (text: string): ReportLine[] =>
  text
    .split('\n')
    // The last line may be cut when the process was killed while it wrote.
    .flatMap((line) => (line.endsWith('}') ? [JSON.parse(line) as ReportLine] : []));

/** Folds the report of a suite and the end of its process. A suite that ran no test, broke off or ended badly has failed. */
export function outcomeOf(name: string, report: readonly ReportLine[], end: ProcessEnd, durationMs: number): Outcome {
  const passed = report.filter((line) => line.kind === 'pass').length;
  const skipped = report.filter((line) => line.kind === 'pending').length;
  const failures: Failure[] = report.flatMap((line) => (line.kind === 'fail' ? [{ title: line.title, error: line.error }] : []));
  const fail = (error: string) => failures.push({ title: `${name}: the suite itself`, error: `${error}\n${end.outputTail}`.trimEnd() });
  const running = report.findLast((line) => line.kind === 'start');
  const during = running === undefined ? 'before the first test' : `during or after "${running.title}" (${running.file})`;
  const lingered = report.find((line) => line.kind === 'lingered');
  if (lingered !== undefined) fail(`its tests had ended, but the process was kept alive by ${lingered.because.join(', ')}`);
  else if (end.timedOut) fail(`ran out of time ${during}`);
  else if (!report.some((line) => line.kind === 'end')) fail(`broke off ${during}: ${describeEnd(end)}`);
  else if (passed + failures.length === 0) fail('ran no test');
  else if (end.exitCode !== 0 && failures.length === 0) fail(`all tests passed, yet the process did not end well: ${describeEnd(end)}`);
  return { name, passed, skipped, failures, durationMs };
}

/** The outcomes of a suite's parts as one. */
export const together = (name: string, parts: readonly Outcome[], durationMs: number): Outcome => ({
  name,
  passed: parts.reduce((sum, { passed }) => sum + passed, 0),
  skipped: parts.reduce((sum, { skipped }) => sum + skipped, 0),
  failures: parts.flatMap(({ failures }) => failures),
  durationMs,
});

const describeEnd = (end: ProcessEnd): string => (end.signal === null ? `exit code ${end.exitCode}` : `ended by ${end.signal}`);

/** One line for people: `unit         41 passed, 1 failed   3.2 s`. */
export function outcomeLine(outcome: Outcome): string {
  const mark = outcome.failures.length === 0 ? 'ok  ' : 'FAIL';
  const line = `${mark} ${outcome.name.padEnd(22)} ${counts([outcome]).padEnd(34)} ${(outcome.durationMs / 1000).toFixed(1).padStart(6)} s`;
  return [line, ...(outcome.notes ?? []).map((note) => `     ${note}`)].join('\n');
}

/** The line that ends a whole run: true totals over all outcomes. */
export function counts(outcomes: readonly Outcome[]): string {
  const sum = (pick: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + pick(outcome), 0);
  const skipped = sum((outcome) => outcome.skipped);
  const line = `${sum((outcome) => outcome.passed)} passed, ${sum((outcome) => outcome.failures.length)} failed`;
  return skipped === 0 ? line : `${line}, ${skipped} skipped`;
}
