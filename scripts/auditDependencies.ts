import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { advisoriesOf, dependencyProblems, type LockedPackage, type Manifest } from './dependencyRules.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const ANSWER_LIMIT_MS = 60_000;
const read = <T>(name: string): T => JSON.parse(readFileSync(join(root, name), 'utf8')) as T;

// Prints what is wrong with the dependencies. A line that begins with `note:` is for people also when nothing is.
const { packages } = read<{ packages: Record<string, LockedPackage> }>('package-lock.json');
const problems = dependencyProblems(read<Manifest>('package.json'), packages);
if (!readFileSync(join(root, 'scripts', 'installed.mjs'), 'utf8').includes("'--ignore-scripts'")) {
  problems.push('scripts/installed.mjs: installs without --ignore-scripts');
}

const audit = spawnSync('npm', ['audit', '--json', '--package-lock-only'], {
  cwd: root,
  encoding: 'utf8',
  timeout: ANSWER_LIMIT_MS,
  maxBuffer: 1e8,
});
const advisories = advisoriesOf(audit.stdout ?? '');
if (advisories === null) {
  const why = /npm (?:warn|error) audit (.*)/.exec(audit.stderr ?? '')?.[1] ?? audit.error?.message ?? 'no answer';
  process.stdout.write(`note: known advisories were not asked for: ${why}\n`);
} else problems.push(...advisories);

process.stdout.write(problems.map((problem) => `${problem}\n`).join(''));
process.stdout.write(`${Object.keys(packages).length - 1} packages looked at\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
