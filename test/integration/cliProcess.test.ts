import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { after, before, describe, it } from 'mocha';

const program = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const processTerminal = new URL('../../src/cli/processTerminal.ts', import.meta.url).href;
const systemClock = new URL('../../src/adapters/clock/systemClock.ts', import.meta.url).href;
const run = promisify(execFile);

describe('the command line as a process', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reactor-cli-'));
    const command = join(folder, 'reactor');
    await writeFile(command, `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
    await chmod(command, 0o755);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const environment = () => ({ ...process.env, PATH: `${folder}:${process.env.PATH}`, HOME: folder, REACTOR_HOME: join(folder, 'data') });
  const bash = async (script: string) =>
    (await run('bash', ['--norc', '--noprofile', '-c', script], { env: environment(), cwd: folder })).stdout;

  it('completes in a real bash', async () => {
    const script = `
      source <(reactor completion bash)
      complete -p reactor
      COMP_WORDS=(reactor re); COMP_CWORD=1; _reactor_complete; echo "\${COMPREPLY[@]}"
      COMP_WORDS=(reactor run --approve ''); COMP_CWORD=3; _reactor_complete; echo "\${COMPREPLY[@]}"
      COMP_WORDS=(reactor show ''); COMP_CWORD=2; _reactor_complete; echo "[\${COMPREPLY[@]}]"
    `;
    assert.equal(await bash(script), 'complete -o default -F _reactor_complete reactor\nreject resume restore\nauto ask never\n[]\n');
  });

  it('ends quietly when the reader of its output has gone', async () => {
    assert.equal(await bash('reactor --help | head -n 1; echo "${PIPESTATUS[0]}"'), 'Usage: reactor [options] [command]\n0\n');
  });

  it('writes all of its output before it ends, however slow the reader', async () => {
    const script = `
      const { processTerminal } = await import('${processTerminal}');
      const { systemClock } = await import('${systemClock}');
      const terminal = processTerminal(systemClock, '1');
      for (let n = 0; n < 200; n += 1) terminal.stdout.write('x'.repeat(9_999) + '\\n');
      await terminal.stdout.flush();
      process.exitCode = 7;
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    let bytes = 0;
    for await (const chunk of child.stdout) {
      bytes += (chunk as Buffer).length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (child.exitCode === null) await once(child, 'exit');
    assert.deepEqual([bytes, child.exitCode], [2_000_000, 7]);
  });

  it('says what could not be written, and ends as what has failed', async () => {
    // A file may have 1 KiB: a part of what is longer is taken, as on a volume that becomes full.
    const told = await bash(`
      (ulimit -f 1; reactor help run > help.txt 2> told.txt; echo "$?"); cat told.txt
      reactor completion zsh 2>&1 > /dev/full; echo "$?"
    `);
    const isSaid =
      'reactor: The output could not be written: REASON. What is there is not complete.\n  → make room there, or write to another place\n';
    assert.equal(told.replaceAll(/E[A-Z]+: [^.]*/g, 'REASON').replace('a disk is full', 'REASON'), `1\n${isSaid}${isSaid}1\n`);
  });

  it('refuses a folder that is no repository in one sentence', async () => {
    const refused = await run(join(folder, 'reactor'), ['status'], { env: environment(), cwd: folder }).then(
      () => null,
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
    assert.deepEqual([refused?.code, refused?.stdout, refused?.stderr.split('\n').length], [1, '', 2]);
    assert.match(refused?.stderr ?? '', /^reactor: .* is not in a git repository\.[^\n]*\n$/);
    assert.match(
      await bash('reactor status --repo nowhere 2>&1 || true'),
      /^reactor: \/.*nowhere is no folder\.\n {2}→ name a folder of the repository with --repo DIR\n$/,
    );
  });

  it('hands signals to those who handle them, and dies of them otherwise', async () => {
    const script = (handles: boolean) => `
      const { processTerminal } = await import('${processTerminal}');
      const { systemClock } = await import('${systemClock}');
      const terminal = processTerminal(systemClock, '1');
      const kept = terminal.onInterrupt((signal) => { console.log(signal); kept.dispose(); clearInterval(timer); });
      if (!${handles}) kept.dispose();
      const timer = setInterval(() => {}, 1000);
      console.log('ready');
    `;
    const endings = [];
    for (const [handles, signal] of [
      [true, 'SIGTERM'],
      [true, 'SIGINT'],
      [false, 'SIGINT'],
    ] as const) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script(handles)], { stdio: ['ignore', 'pipe', 'inherit'] });
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => {
        if (out === '') child.kill(signal);
        out += chunk.toString();
      });
      const [code, killedBy] = await once(child, 'close');
      endings.push([code, killedBy, out]);
    }
    assert.deepEqual(endings, [
      [0, null, 'ready\nSIGTERM\n'],
      [0, null, 'ready\nSIGINT\n'],
      [null, 'SIGINT', 'ready\n'],
    ]);
  });

  it('asks one question after another on a real terminal, each key echoed once, and Ctrl-C leaves the question open', async () => {
    const program = join(folder, 'questions.mjs');
    await writeFile(
      program,
      `const { processTerminal } = await import('${processTerminal}');
      const { systemClock } = await import('${systemClock}');
      const terminal = processTerminal(systemClock, '1');
      const interrupts = terminal.onInterrupt((signal) => process.stderr.write('<' + signal + '>'));
      const answers = [];
      for (const question of ['one? ', 'two? ', 'three? ']) answers.push(await terminal.ask(question));
      const withdrawn = await terminal.ask('four? ', AbortSignal.abort(new Error('withdrawn'))).catch((error) => error.message);
      interrupts.dispose();
      console.log(JSON.stringify([terminal.stdinIsTTY, answers, withdrawn]));`,
    );
    const child = spawn(
      '/usr/bin/script',
      ['--quiet', '--flush', '--return', '--command', `'${process.execPath}' '${program}'`, '/dev/null'],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
        env: { ...environment(), TERM: 'xterm' },
      },
    );
    let screen = '';
    const keys = new Map([
      ['one? ', 'first\r'],
      ['two? ', '\u0003'],
      ['<SIGINT>', 'second\r'],
      ['three? ', 'third\r'],
    ]);
    child.stdout.on('data', (chunk: Buffer) => {
      screen += chunk.toString();
      for (const [seen, typed] of keys) {
        if (!screen.includes(seen)) continue;
        keys.delete(seen);
        child.stdin.write(typed);
        break;
      }
    });
    const [code] = await once(child, 'close');
    const echoes = ['first', 'second', 'third'].map((word) => screen.split('[true')[0]?.split(word).length);
    assert.deepEqual([code, echoes, screen.includes('[true,["first","second","third"],"withdrawn"]')], [0, [2, 2, 2], true]);
  });
});
