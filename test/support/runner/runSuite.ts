import { existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { runLimited } from './limitedProcess.ts';
import type { Suite } from './suites.ts';
import { type Outcome, outcomeOf, parseReport } from './totals.ts';

/** Arguments of a mocha process for a suite. Files named in `extra` take the place of the suite's own. */
export function mochaArguments(root: string, suite: Suite, extra: readonly string[]): string[] {
  const named = extra.some((argument) => argument.endsWith('.test.ts'));
  const files = named ? [] : globSync(suite.files, { cwd: root }).sort();
  return [join(root, 'node_modules', 'mocha', 'bin', 'mocha.js'), '--timeout', String(suite.testLimitMs), ...files, ...extra];
}

/** A part of a suite that runs in a process of its own. */
export interface SuitePart {
  readonly suite: Suite;
  /** Unlike that of any other part. */
  readonly name: string;
  /** Test files, relative to the repository root; null for all of the suite's. */
  readonly files: readonly string[] | null;
  /** It waits for most of its time. */
  readonly waits: boolean;
}

/** What runs in a process of its own, the longest files first, so that no long one is left alone at the end. */
export function partsOf(root: string, suite: Suite): SuitePart[] {
  if (suite.byFile !== true) return [{ suite, name: suite.name, files: null, waits: false }];
  const files = globSync(suite.files, { cwd: root }).map((file) => {
    const name = basename(file, '.test.ts');
    return { file, name, waits: suite.waiting?.includes(name) === true, bytes: statSync(join(root, file)).size };
  });
  return files
    .sort((a, b) => b.bytes - a.bytes || a.file.localeCompare(b.file))
    .map(({ file, name, waits }) => ({ suite, name: `${suite.name}-${name}`, files: [file], waits }));
}

/** Runs a part of a suite in a mocha process; its output goes to out/logs, its totals come from the reporter's file. */
export async function runPart(root: string, { suite, name, files }: SuitePart, env: NodeJS.ProcessEnv): Promise<Outcome> {
  const started = performance.now();
  const report = join(root, 'out', 'reports', `${name}.ndjson`);
  mkdirSync(join(root, 'out', 'reports'), { recursive: true });
  rmSync(report, { force: true });
  const reporter = ['--reporter', join(root, 'test', 'support', 'runner', 'totalsReporter.ts'), '--reporter-option', `output=${report}`];
  const end = await runLimited(process.execPath, mochaArguments(root, suite, [...(files ?? []), ...reporter]), {
    cwd: root,
    env,
    logFile: join(root, 'out', 'logs', `${name}.log`),
    limitMs: suite.limitMs,
  });
  const lines = existsSync(report) ? parseReport(readFileSync(report, 'utf8')) : [];
  return outcomeOf(name, lines, end, performance.now() - started);
}
