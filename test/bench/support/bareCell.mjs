// One of many bare runs side by side, for xargs: node bareCell.mjs FOLDER NUMBER
// FOLDER/NUMBER.json has the environment of the server and the arguments of bareRun.mjs. Then the branch is merged into what is checked
// out in the repository, one at a time, and tested there. Prints what bareRun.mjs prints, with the times of the clock.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

const [folder, number] = process.argv.slice(2);
const { env, args, lock } = JSON.parse(readFileSync(join(folder, `${number}.json`), 'utf8'));
Object.assign(process.env, env);
process.stdout.write(`began ${Date.now()}\n`);
process.argv = [process.argv[0], 'bareRun.mjs', ...args];
await import('./bareRun.mjs');
const [repository, , branch, , test] = args;
if (lock !== null) {
  const merge = `git -C "$1" merge --quiet --no-ff -m bare "$2" && cd "$1" && ${test}`;
  const child = spawn('flock', [lock, 'sh', '-c', merge, 'sh', repository, branch], { stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`merging ${branch} ended with ${code}`);
}
process.stdout.write(`landed ${Date.now()}\n`);
