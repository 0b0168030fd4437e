import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'mocha';
import { campaign } from './support/campaign.ts';

const SEED = Number(process.env['REACTOR_CHAOS_SEED'] ?? 20_261_121);
const KILLS = 10;

describe('Random kills of engine, server, test, git and warden, two terminals on each of two repositories', function () {
  this.timeout(600_000);

  it(`INV-005, INV-007, INV-009, INV-010: nothing is lost, done twice or left (seed ${SEED}, ${KILLS} kills)`, async () => {
    const lines: string[] = [];
    const evidence = join(tmpdir(), `reactor-chaos-${SEED}-${process.pid}`);
    const result = await campaign({ seed: SEED, kills: KILLS, restEvery: KILLS, tell: (line) => lines.push(line), evidence });
    assert.deepEqual(result.problems, [], lines.join('\n'));
    assert.equal(
      Object.values(result.kills).reduce((sum, count) => sum + count, 0),
      KILLS,
    );
  });
});
