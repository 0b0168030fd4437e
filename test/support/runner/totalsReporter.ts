import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { MochaOptions, Runner, Test } from 'mocha';
import type { ReportLine } from './totals.ts';

/** A process that has ended its tests has this long to end by itself. */
const lingerLimitMs = Number(process.env.REACTOR_TEST_LINGER_MS ?? 15_000);

/** mocha reporter that appends a line of JSON per event to the file named by its option `output`, and prints nothing. */
class TotalsReporter {
  constructor(runner: Runner, options: MochaOptions) {
    const output: unknown = options.reporterOptions?.output;
    if (typeof output !== 'string') throw new Error('totalsReporter needs the reporter option output=FILE');
    const write = (line: ReportLine) => appendFileSync(output, `${JSON.stringify(line)}\n`);
    runner.on('test', (test: Test) => write({ kind: 'start', title: test.fullTitle(), file: relative(process.cwd(), test.file ?? '') }));
    runner.on('pass', ({ duration: ms = 0 }: Test) => write({ kind: 'pass', ms }));
    runner.on('pending', (test: Test) => write({ kind: 'pending', title: test.fullTitle() }));
    // Failed hooks arrive here too, under the name of the hook.
    runner.on('fail', (test, error: unknown) => write({ kind: 'fail', title: test.fullTitle(), error: describeError(error) }));
    runner.on('end', () => {
      write({ kind: 'end' });
      // Does not keep the process alive: it comes to pass only when something else does.
      setTimeout(() => {
        write({ kind: 'lingered', because: process.getActiveResourcesInfo() });
        process.exit(1);
      }, lingerLimitMs).unref();
    });
  }
}

/** Stack, causes and, for assertions whose message is cut short, nothing lost: the message is in the stack. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = error.stack ?? error.message;
  return error.cause === undefined ? text : `${text}\ncaused by ${describeError(error.cause)}`;
}

// mocha loads reporters by require(), which receives this export in place of the module.
export { TotalsReporter as 'module.exports' };
