import { existsSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runLimited } from './limitedProcess.ts';
import type { Suite } from './suites.ts';
import { type Outcome, outcomeOf, parseReport } from './totals.ts';

/** Arguments of a mocha process for a suite. Files named in `extra` take the place of the suite's own. */
export function mochaArguments(root: string, suite: Suite, extra: readonly string[]): string[] {
  const named = extra.some((argument) => argument.endsWith('.test.ts'));
  const files = named ? [] : globSync(suite.files, { cwd: root }).sort();
  return [join(root, 'node_modules', 'mocha', 'bin', 'mocha.js'), '--timeout', String(suite.testLimitMs), ...files, ...extra];
}

/** Runs a suite in a mocha process of its own; its output goes to out/logs, its totals come from the reporter's file. */
export async function runSuite(root: string, suite: Suite, env: NodeJS.ProcessEnv): Promise<Outcome> {
  const started = performance.now();
  const report = join(root, 'out', 'reports', `${suite.name}.ndjson`);
  mkdirSync(join(root, 'out', 'reports'), { recursive: true });
  rmSync(report, { force: true });
  const reporter = ['--reporter', join(root, 'test', 'support', 'runner', 'totalsReporter.ts'), '--reporter-option', `output=${report}`];
  const end = await runLimited(process.execPath, mochaArguments(root, suite, reporter), {
    cwd: root,
    env,
    logFile: join(root, 'out', 'logs', `${suite.name}.log`),
    limitMs: suite.limitMs,
  });
  const lines = existsSync(report) ? parseReport(readFileSync(report, 'utf8')) : [];
  return outcomeOf(suite.name, lines, end, performance.now() - started);
}
