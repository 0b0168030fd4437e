import { randomInt } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { campaign, killsText } from './support/campaign.ts';

// npm run chaos [-- --seed N --kills N]: kills processes at random moments and looks after each whether anything was lost, done twice or left.
// The same seed draws the same kinds and pauses; which process is there at that moment is the machine's. Exit code 1 when something was wrong;
// then the entries of a run that did not end as its script says are printed, and journals and logs are kept.
const { values } = parseArgs({ options: { seed: { type: 'string' }, kills: { type: 'string' }, help: { type: 'boolean' } } });
if (values.help === true) {
  process.stdout.write('npm run chaos -- [--seed N] [--kills N]    200 kills unless told; the same seed draws the same kinds and pauses\n');
  process.exit();
}
const seed = values.seed === undefined ? randomInt(1_000_000_000) : Number(values.seed);
const kills = values.kills === undefined ? 200 : Number(values.kills);
const tell = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

tell(`seed ${seed}: ${kills} kills (again: npm run chaos -- --seed ${seed} --kills ${kills})`);
const evidence = join(tmpdir(), `reactor-chaos-${seed}-${process.pid}`);
const result = await campaign({ seed, kills, restEvery: 20, tell, evidence });
tell(`\nkilled ${killsText(result.kills)}; ${result.missed} looked for in vain; ${Math.round(result.durationMs / 1000)} s`);
tell(`runs ended: ${JSON.stringify(result.ended)}`);
tell(`model calls answered ${result.calls}, of them cut off with their server and in no journal ${result.uncharged}`);
for (const problem of result.problems) tell(`PROBLEM ${problem}`);
tell(result.problems.length === 0 ? `seed ${seed}: nothing lost, doubled or left` : `seed ${seed}: ${result.problems.length} problems`);
process.exitCode = result.problems.length === 0 ? 0 : 1;
