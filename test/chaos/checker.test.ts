import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openSpending } from '../../src/adapters/journal/openSpending.ts';
import { GitFixture } from '../integration/gitFixture.ts';
import { checkKept, type Entry, heldPorts } from './support/checker.ts';
import { checkCounted, readCounted } from './support/moneyCheck.ts';

describe('The checker that looks after a kill sees', function () {
  this.timeout(60_000);
  let f: GitFixture;
  beforeEach(() => {
    f = new GitFixture();
    f.commit({ 'readme.txt': 'A sample.\n' });
  });
  afterEach(() => f.dispose());

  it('a commit that git still has and no ref leads to', () => {
    const commit = f.run('commit-tree', 'HEAD^{tree}', '-p', 'HEAD', '-m', 'Work');
    f.run('update-ref', 'refs/heads/reactor/task', commit);
    const entries: Entry[] = ['attempt/stepCommitted', 'attempt/committed'].map((type, index) => ({
      ...{ seq: index + 1, at: 0, run: 'task-r1', cell: 'cell', type },
      data: { commit },
    }));
    assert.deepEqual(checkKept(f.repo, entries), []);
    f.run('update-ref', '-d', 'refs/heads/reactor/task');
    assert.deepEqual(
      checkKept(f.repo, entries),
      entries.map(({ type }) => `commit ${commit} of task-r1 (${type}) is reachable from no ref`),
    );
  });

  it('a charge that is counted twice, by nobody, or out of nowhere', () => {
    const file = join(f.root, 'spending.db');
    const spending = openSpending({ file, repository: '/r/.git', process: { pid: 1, startTime: '1' }, isAlive: () => true, now: () => 0 });
    const charge = (key: string, usd: string) => ({ key, day: '2026-05-20', usd });
    try {
      spending.count([charge('a/1', '0.1'), charge('a/2', '0.000000000002')], 2);
    } finally {
      spending.close();
    }
    const journaled = [
      { key: 'a/1', usd: '0.1' },
      { key: 'a/2', usd: '0.000000000002' },
    ];
    const counted = readCounted(file, '/r/.git');
    assert.deepEqual(checkCounted(counted, journaled, true), []);
    const more = [...journaled, { key: 'a/3', usd: '1' }];
    assert.deepEqual([checkCounted(counted, more, false), checkCounted(counted, more, true)], [[], ["charge a/3 is in no day's sum"]]);
    assert.deepEqual(checkCounted(counted, journaled.slice(0, 1), false), ['charge a/2 is counted and not in the journal']);
    const database = new DatabaseSync(file);
    database.exec("UPDATE days SET usd = '0.200000000002'");
    database.close();
    assert.match(
      checkCounted(readCounted(file, '/r/.git'), journaled, false).join(),
      /^the days sum up to 2\d*, the charges in them to 1\d*$/,
    );
  });

  it('a port that an engine with no cell still holds', async () => {
    const ports = join(f.root, 'ports');
    mkdirSync(ports);
    const idle = ['-e', "process.stdout.write('here'); setInterval(() => {}, 60_000)", 'engine', '--repo', f.repo];
    const engine = spawn(process.execPath, idle, { env: { REACTOR_HOME: join(f.root, 'data') }, stdio: ['ignore', 'pipe', 'ignore'] });
    const gone = once(engine, 'exit');
    try {
      await once(engine.stdout, 'data');
      const watched = { room: f.root, repository: f.repo, ports };
      writeFileSync(join(ports, '8001'), '1-1');
      assert.deepEqual(heldPorts(watched), []);
      writeFileSync(join(ports, '8002'), `${engine.pid}-1`);
      assert.deepEqual(heldPorts(watched), ['port 8002 is still leased']);
    } finally {
      engine.kill();
      await gone;
    }
  });
});
