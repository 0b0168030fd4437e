import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import Mocha from 'mocha';
import type { HostResult } from '../../support/editor/hostResults.ts';

const TEST_LIMIT_MS = 120_000;

const required = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};

/** VS Code calls this in the extension host. Runs the suites named in the environment and leaves their results in a file. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: TEST_LIMIT_MS, forbidOnly: true, forbidPending: true, reporter: 'min' });
  for (const file of required('REACTOR_HOST_SUITES').split('\n')) mocha.addFile(file);
  const results: HostResult[] = [];
  const note = (test: Mocha.Runnable, state: HostResult['state'], error: unknown = null): void => {
    const text = error === null ? null : error instanceof Error ? (error.stack ?? error.message) : JSON.stringify(error);
    const suite = basename(test.file ?? test.parent?.file ?? '', '.cjs');
    // The outcome of a test takes the place of its beginning.
    if (results.at(-1)?.state === 'begun') results.pop();
    results.push({ suite, title: test.fullTitle(), state, error: text });
    // Each time, so that a host that hangs or dies leaves what it did.
    writeFileSync(required('REACTOR_HOST_RESULTS'), JSON.stringify(results));
  };
  await new Promise<void>((done) => {
    mocha
      .run(() => done())
      .on('test', (test) => note(test, 'begun'))
      .on('pass', (test) => note(test, 'passed'))
      .on('pending', (test) => note(test, 'skipped'))
      .on('fail', (test: Mocha.Runnable, error: unknown) => note(test, 'failed', error));
  });
}
