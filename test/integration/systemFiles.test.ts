import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { freeCgroupBytes } from '../../src/adapters/files/cgroupMemory.ts';
import { freeBytes, freeMemoryBytes, removeFolder, tailOfFile } from '../../src/adapters/files/systemFiles.ts';

describe('system files', function () {
  this.timeout(60_000);
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'reactor-files-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('tells the free bytes of a disk, also for a folder to come', async () => {
    const { bavail, blocks, bsize } = await statfs(root);
    const free = await freeBytes(join(root, 'to', 'come'));
    // Others write to the same disk meanwhile.
    assert.ok(free > 0 && free <= blocks * bsize && Math.abs(free - bavail * bsize) < blocks * bsize * 0.2, `${free} bytes`);
  });

  it('removes folders nested deeper than there are names', async () => {
    const name = 'd'.repeat(200);
    execFileSync('sh', ['-c', `for i in $(seq 40); do mkdir ${name} && cd -P ${name} || exit 1; done; echo x > x.txt`], { cwd: root });
    await removeFolder(join(root, name));
    assert.deepEqual(readdirSync(root), []);
  });

  it('tells the free bytes of memory', () => {
    const free = freeMemoryBytes();
    assert.ok(free > 0 && free < totalmem(), `${free} bytes`);
  });

  it('counts what the control groups around it allow, file cache not in use included', () => {
    const group = (path: string, limit: string, used: number, cache: number): void => {
      mkdirSync(join(root, path), { recursive: true });
      writeFileSync(join(root, path, 'memory.max'), `${limit}\n`);
      writeFileSync(join(root, path, 'memory.current'), `${used}\n`);
      writeFileSync(join(root, path, 'memory.stat'), `anon 5\ninactive_file ${cache}\nactive_file 3\n`);
    };
    group('a', '1000', 900, 50);
    group('a/b', 'max', 800, 0);
    group('a/c', '400', 100, 0);
    group('a/d', '400', 500, 20);
    const free = (own: string) => freeCgroupBytes(root, `4:memory:/x\n0::${own}\n`);
    assert.deepEqual(
      [free('/a/b'), free('/a/c'), free('/a/d'), free('/'), freeCgroupBytes(root, '4:memory:/x\n')],
      [150, 150, 0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    );
  });

  it('reads the tail of a file without cutting a character in two', async () => {
    const file = join(root, 'log');
    writeFileSync(file, 'ab€cd');
    assert.deepEqual(await Promise.all([0, 2, 3, 4, 5, 6, 7, 100].map((bytes) => tailOfFile(file, bytes))), [
      '',
      'cd',
      'cd',
      'cd',
      '€cd',
      'b€cd',
      'ab€cd',
      'ab€cd',
    ]);
  });

  it('has no tail of a missing file, and does not hide other failures', async () => {
    assert.equal(await tailOfFile(join(root, 'missing'), 10), '');
    await assert.rejects(tailOfFile(root, 10), { code: 'EISDIR' });
  });

  it('removes a folder that is not there', async () => {
    await removeFolder(join(root, 'missing'));
    assert.equal(existsSync(root), true);
  });

  it('removes read-only folders and does not follow links out', async () => {
    chmodSync(root, 0o755);
    const outside = join(root, 'outside');
    const cell = join(root, 'cell');
    mkdirSync(outside);
    writeFileSync(join(outside, 'precious'), '');
    mkdirSync(join(cell, 'modules', 'deep'), { recursive: true });
    writeFileSync(join(cell, 'modules', 'deep', 'file'), '', { mode: 0o444 });
    symlinkSync(outside, join(cell, 'modules', 'link'));
    // For root nothing is read-only, so the folder is given to another user, who removes it.
    const uid = process.getuid?.() === 0 ? 65534 : undefined;
    if (uid !== undefined) execFileSync('chown', ['-R', String(uid), cell]);
    if (uid !== undefined) chownSync(root, uid, uid);
    chmodSync(join(cell, 'modules', 'deep'), 0o500);
    chmodSync(join(cell, 'modules'), 0o500);
    const source = pathToFileURL(join(import.meta.dirname, '..', '..', 'src', 'adapters', 'files', 'systemFiles.ts'));
    const code = `${uid === undefined ? '' : `process.setgid(${uid}); process.setuid(${uid});`}
      const { rmSync } = await import('node:fs');
      try { rmSync(${JSON.stringify(cell)}, { recursive: true }); console.log('was removable'); } catch (error) { console.log(error.code); }
      await removeFolder(${JSON.stringify(cell)});`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', `import { removeFolder } from '${source}';\n${code}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exit = once(child, 'exit');
    assert.deepEqual(
      { printed: (await text(child.stdout)).trim(), exit: await exit, cell: existsSync(cell), outside: readdirSync(outside) },
      { printed: 'EACCES', exit: [0, null], cell: false, outside: ['precious'] },
    );
  });

  it('removes a folder that a process still writes into', async () => {
    const cell = join(root, 'cell');
    mkdirSync(cell);
    const writer = spawn('/bin/sh', ['-c', 'i=0; while [ $i -lt 300 ]; do i=$((i+1)); : > $i 2>/dev/null; done'], { cwd: cell });
    await once(writer, 'spawn');
    await removeFolder(cell);
    if (writer.exitCode === null) await once(writer, 'exit');
    assert.equal(existsSync(cell), false);
  });
});
