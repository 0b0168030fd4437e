import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, beforeEach, describe, it } from 'mocha';
import { dataFolderOf, journalFileIn } from '../../src/adapters/files/dataFolder.ts';
import { readLease } from '../../src/adapters/journal/lease.ts';
import { openJournalReader } from '../../src/adapters/journal/openJournalReader.ts';
import { readableCopy } from '../../src/adapters/journal/readableCopy.ts';
import { silentLog } from '../../src/base/log.ts';
import { createEditorHost } from '../../src/compose/editorHost.ts';
import { createCliHost } from '../../src/compose.ts';
import { evolveRun } from '../../src/core/run/evolve.ts';
import { openSampleJournal, requested, started, temporaryFolder } from '../support/journalSamples.ts';
import { requires } from '../support/requires.ts';
import { fillUp, Volumes } from '../support/volumes.ts';

describe('A journal on a volume that takes nothing more is read all the same', function () {
  this.timeout(60_000);
  const volumes = new Volumes();
  let room: ReturnType<typeof temporaryFolder>;
  let isMountable = false;
  let written: string;
  let n = 0;
  before(() => {
    room = temporaryFolder();
    isMountable = Volumes.canMount(join(room.path, 'mountable'));
  });
  after(() => {
    volumes.unmountAll();
    room.remove();
  });
  beforeEach(async function () {
    requires(this, isMountable, 'the right to mount a file system');
    written = join(room.path, `written-${++n}.db`);
    const { journal } = openSampleJournal(written);
    await journal.append({ entries: [requested('r1', 'TASK-041'), started('r1')], durability: 'normal' });
    // As a crash leaves it: what was written last is in the log alone, and the memory of its readers is gone with the machine.
    copyFileSync(written, `${written}.crashed`);
    copyFileSync(`${written}-wal`, `${written}.crashed-wal`);
    journal.close();
  });

  const lay = (from: string, options: string): { volume: string; file: string } => {
    const volume = volumes.mount(join(room.path, `volume-${n}-${options}`), options);
    const file = join(volume, 'journal.db');
    for (const end of ['', '-wal']) if (existsSync(`${from}${end}`)) copyFileSync(`${from}${end}`, `${file}${end}`);
    return { volume, file };
  };
  const told = (file: string): string[] => {
    const reader = openJournalReader({ file, evolve: evolveRun });
    try {
      return [`${reader.head()} entries`, ...reader.openRuns().map(({ run, phase }) => `${run} ${phase}`), readLease(file)?.engine ?? ''];
    } finally {
      reader.close();
    }
  };
  const all = ['2 entries', 'r1 bootstrapping', 'engine-a'];

  for (const [end, how] of [
    ['', 'closed in order'],
    ['.crashed', 'left by a crash'],
  ] as const) {
    it(`read-only, ${how}`, () => {
      const { volume, file } = lay(`${written}${end}`, 'size=8m');
      volumes.remount(volume, 'ro');
      const bytes = readFileSync(file);
      assert.deepEqual(told(file), all);
      assert.deepEqual(readFileSync(file), bytes);
    });

    it(`by the editor, which says so and starts no engine, ${how}`, async () => {
      const home = volumes.mount(join(room.path, `home-${n}`), 'size=8m');
      const repository = join(room.path, `repository-${n}`);
      execFileSync('git', ['init', '--quiet', repository]);
      const folder = dataFolderOf(join(repository, '.git'), { REACTOR_HOME: home });
      mkdirSync(folder);
      for (const part of ['', '-wal'])
        if (existsSync(`${written}${end}${part}`)) copyFileSync(`${written}${end}${part}`, `${journalFileIn(folder)}${part}`);
      volumes.remount(home, 'ro');
      const outer = process.env['REACTOR_HOME'];
      process.env['REACTOR_HOME'] = home;
      try {
        const host = createEditorHost({ log: silentLog, agentServerPath: () => null, doctor: () => Promise.resolve('') });
        const reader = await host.reader(repository);
        assert.equal(reader.head(), 2);
        reader.close();
        await host.holdMoney(repository, { budgets: { perDayUsd: '5' } });
        assert.equal(await host.connect(repository, { start: 'ifRunsOpen', attends: true }), null);
        assert.match(
          (await host.readOnly(repository)) ?? '',
          /can't write to its data folder .* \(EROFS\)\. .*What follows was recorded before\.$/,
        );
        await assert.rejects(host.connect(repository, { start: 'always', attends: true }), { code: 'environment' });
      } finally {
        if (outer === undefined) delete process.env['REACTOR_HOME'];
        else process.env['REACTOR_HOME'] = outer;
      }
    });

    it(`full, ${how}`, () => {
      const { volume, file } = lay(`${written}${end}`, 'size=9m');
      fillUp(join(volume, 'ballast'));
      assert.deepEqual(told(file), all);
    });
  }

  it('read-only without anything on it is told as what it is, and has no runs', async () => {
    const home = volumes.mount(join(room.path, `bare-${n}`), 'size=8m,ro');
    const repository = join(room.path, `nothing-${n}`);
    execFileSync('git', ['init', '--quiet', repository]);
    const outer = process.env['REACTOR_HOME'];
    process.env['REACTOR_HOME'] = home;
    try {
      const lines: string[] = [];
      const host = createCliHost((line) => lines.push(line));
      const reader = await host.reader(repository);
      assert.deepEqual([reader.head(), reader.openRuns()], [0, []]);
      reader.close();
      assert.match(lines.join('\n'), /can't write to its data folder .* \(EROFS\)\. .*Nothing was recorded there before\.$/);
      await assert.rejects(host.proveWritable(repository), { code: 'environment' });
    } finally {
      if (outer === undefined) delete process.env['REACTOR_HOME'];
      else process.env['REACTOR_HOME'] = outer;
    }
  });

  it('read-only, and follows it once it takes something again', async () => {
    const { volume, file } = lay(`${written}.crashed`, 'size=7m');
    volumes.remount(volume, 'ro');
    const reader = openJournalReader({ file, evolve: evolveRun });
    assert.equal(reader.head(), 2);
    volumes.remount(volume, 'rw');
    const { journal } = openSampleJournal(file, 'engine-b');
    await journal.append({ entries: [requested('r2')], durability: 'normal' });
    assert.equal(reader.head(), 3);
    journal.close();
    reader.close();
  });

  it('read-only, where no copy can be made: unless the log would be missing', () => {
    const asked = (end: string, options: string): string[] | null => {
      const { volume, file } = lay(`${written}${end}`, options);
      volumes.remount(volume, 'ro');
      const found = readableCopy(file, [join(room.path, 'nowhere')]);
      if (found === null) return null;
      const db = new DatabaseSync(found.location, { readOnly: true });
      const types = db.prepare('SELECT type FROM entries ORDER BY seq').all();
      db.close();
      found.dispose();
      return types.map(({ type }) => String(type));
    };
    assert.deepEqual([asked('', 'size=6m'), asked('.crashed', 'size=5m')], [['run/requested', 'run/started'], null]);
  });
});
