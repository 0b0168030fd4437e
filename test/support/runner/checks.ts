import { join, relative } from 'node:path';
import { runLimited } from './limitedProcess.ts';
import type { Outcome } from './totals.ts';

/** A static check: passes when its command exits with 0. Counts as one test. */
export interface Check {
  readonly name: string;
  /** A tool of node_modules/.bin, or a script below the repository root. */
  readonly command: readonly [tool: string, ...args: string[]];
}

export const checks: readonly Check[] = [
  { name: 'types', command: ['tsc', '-p', '.'] },
  { name: 'types of the panel', command: ['tsc', '-p', 'webview-ui'] },
  { name: 'format and lint', command: ['biome', 'ci', '--colors=off', '--error-on-warnings', '--max-diagnostics=50'] },
  { name: 'promises', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'dead code', command: ['knip'] },
  { name: 'dependencies', command: ['scripts/auditDependencies.ts'] },
  { name: 'package contents', command: ['scripts/checkPackage.ts'] },
];

/** The rules of the house; part of the unit suite, and of `npm run check`. */
export const houseRules: Check = { name: 'house rules', command: ['mocha', 'test/unit/architecture.test.ts'] };

/** The bundles; counts as a check because a wrong import fails it. */
export const bundles: Check = { name: 'bundles', command: ['esbuild.mjs'] };

/** What suites with `needsEditor` need beside the dependencies. Installs into the project's cache with the user's own npm settings. */
export const editor: Check = { name: 'editor', command: ['scripts/prepareEditor.ts'] };

const limitMs = 4 * 60_000;

export async function runCheck(root: string, check: Check, env: NodeJS.ProcessEnv): Promise<Outcome> {
  const started = performance.now();
  const [tool, ...args] = check.command;
  const [command, before] = /\.(mjs|ts)$/.test(tool)
    ? [process.execPath, [join(root, tool)]]
    : [join(root, 'node_modules', '.bin', tool), []];
  const logFile = join(root, 'out', 'logs', `${check.name.replaceAll(' ', '-')}.log`);
  const end = await runLimited(command, [...before, ...args], { cwd: root, env: { ...env, NO_COLOR: '1' }, logFile, limitMs });
  const passed = end.exitCode === 0 && !end.timedOut;
  const error = end.timedOut ? `ran out of time\n${end.outputTail}` : end.outputTail;
  return {
    name: check.name,
    passed: passed ? 1 : 0,
    skipped: 0,
    failures: passed ? [] : [{ title: `${check.command.join(' ')}`, error: `${error.trim()}\n(whole output: ${relative(root, logFile)})` }],
    durationMs: performance.now() - started,
    notes: [...end.outputTail.matchAll(/^note: (.*)$/gm)].map((match) => match[1] ?? ''),
  };
}
