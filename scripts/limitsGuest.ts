import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { ensureProgram } from '../test/support/ensureProgram.ts';

// npm run test:limits [-- ARGS]: the tests of test/limits in a kernel of their own, where they may divide memory, processes and processor as they
// like. User Mode Linux runs as an ordinary program on this machine's files, which it can read and not write. ARGS go to mocha.
const root = fileURLToPath(new URL('..', import.meta.url));
const KERNEL = 'linux.uml';
const MEMORY = '6G';
const SWAP_BYTES = 1e9;
const LIMIT_MS = 30 * 60_000;
/** Tests begin as root in the guest, whoever has started it; groups are delegated to this user. */
const USER = 1000;

/** Each file in a process of its own: one may take another user, or enter a group, for good. */
function init(folder: string, args: readonly string[]): string {
  const values = { ROOT: root, NODE: process.execPath, RESULTS: folder, USER_ID: `${USER}` };
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  const named = args.filter((arg) => arg.endsWith('.test.ts'));
  const files = named.length > 0 ? named : globSync('test/limits/*.test.ts', { cwd: root }).sort();
  const options = args.filter((arg) => !named.includes(arg));
  return [
    '#!/bin/sh',
    ...Object.entries(values).map(([name, value]) => `export REACTOR_GUEST_${name}=${quoted(value)}`),
    `. ${quoted(join(root, 'test', 'limits', 'guest.sh'))}`,
    ...files.map((file) => ['tests', file, ...options].map(quoted).join(' ')),
    'turn_off',
    '',
  ].join('\n');
}

/** @returns the exit code of the tests; 1 when the guest has not come to them. */
async function runInGuest(args: readonly string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'reactor-guest-'));
  try {
    const first = join(folder, 'init');
    writeFileSync(first, init(folder, args), { mode: 0o755 });
    const swap = join(folder, 'swap');
    writeFileSync(swap, '');
    truncateSync(swap, SWAP_BYTES);
    const boot = [
      `mem=${MEMORY}`,
      `ubd0=${swap}`,
      `uml_dir=${folder}`,
      'root=/dev/root',
      'rootfstype=hostfs',
      'rootflags=/',
      'ro',
      `init=${first}`,
      'quiet',
      'loglevel=1',
    ];
    const console = ['con=null', 'con0=null,fd:1', 'con1=null,fd:1'];
    // Each process of the guest is one of this machine, too: none may be left when this one is killed.
    const command = ['--pdeathsig', 'TERM', KERNEL, ...boot, ...console];
    const guest = spawn('setpriv', command, { cwd: folder, stdio: ['ignore', 'inherit', 'ignore'], timeout: LIMIT_MS });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => guest.kill('SIGTERM'));
    await once(guest, 'exit');
    return Number(readFileSync(join(folder, 'exit'), 'utf8'));
  } catch (error) {
    process.stderr.write(`the guest kernel did not come to the end of the tests: ${String(error)}\n`);
    return 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  ensureProgram(KERNEL, 'user-mode-linux');
  // Cells are made by the built command.
  const { status } = spawnSync(process.execPath, ['esbuild.mjs'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error('the build failed');
  process.exitCode = await runInGuest(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
