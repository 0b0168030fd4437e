import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type BrokerSettings, brokerText, relayText } from '../../../../src/adapters/sandbox/commandBroker.ts';

describe('The broker of commands beside an agent server', () => {
  let folder: string;
  let broker: ChildProcess;
  const started: ChildProcess[] = [];
  const at = (name: string): string => join(folder, name);

  beforeEach(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'reactor-broker-')));
    // In the place of the program that applies a profile: it notes which one.
    writeFileSync(at('apply'), `#!/bin/sh\necho "$2" >> ${at('applied')}\nshift 2\nexec "$@"\n`, { mode: 0o755 });
    const kind = (name: string) => ({ profile: name, environment: { KIND: name } });
    const settings: BrokerSettings = {
      sandbox: at('apply'),
      socket: at('s'),
      proxy: null,
      proxyPlace: 'port',
      server: kind('of the server'),
      plain: kind('of commands'),
      gate: kind('of the gate'),
      begin: ['umask 077'],
    };
    for (const [name, text] of Object.entries({ broker: brokerText, relay: relayText, settings: JSON.stringify(settings) }))
      writeFileSync(at(name), text);
    writeFileSync(at('server'), `while [ ! -f ${at('end')} ]; do sleep 0.05; done; echo "$KIND $PWD" > ${at('served')}; exit 7\n`);
    broker = spawn(process.execPath, [at('broker'), at('settings'), '/bin/sh', at('server')], { env: { ...process.env, KEY: 'secret' } });
    await until('s');
  });
  afterEach(async () => {
    writeFileSync(at('end'), '');
    if (broker.exitCode === null) await once(broker, 'exit');
    for (const child of started) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  /** Resolves when the file is there. */
  async function until(name: string): Promise<void> {
    const watcher = watch(folder);
    while (!existsSync(at(name))) await once(watcher, 'change');
    watcher.close();
  }
  const relay = (kind: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess => {
    const child = spawn(process.execPath, [at('relay'), at('s'), kind, '/known', at('script'), '--', ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], ...env },
    });
    started.push(child);
    return child;
  };
  async function outcomeOf(child: ChildProcess): Promise<{ code: unknown; out: string; err: string }> {
    const texts = { out: '', err: '' };
    child.stdout?.on('data', (data: Buffer) => (texts.out += data.toString()));
    child.stderr?.on('data', (data: Buffer) => (texts.err += data.toString()));
    const [code] = (await once(child, 'close')) as unknown[];
    return { code, ...texts };
  }

  it('starts each under the profile of its kind, and passes on what goes in and comes out, and how it ended', async () => {
    writeFileSync(at('script'), 'cat; pwd; echo "$KIND $GIVEN $KEY $MallocLogFile"; umask; echo e >&2; exit 3\n');
    const child = relay('gate', ['/bin/sh', '/known'], { GIVEN: 'given', MallocLogFile: '/etc/x' });
    child.stdin?.end('in\n');
    assert.deepEqual(await outcomeOf(child), { code: 3, out: `in\n${folder}\nof the gate given  \n0077\n`, err: 'e\n' });
    assert.equal((await outcomeOf(relay('plain', ['/bin/sh', '-c', 'kill -9 $$']))).code, 137);
    assert.deepEqual(readFileSync(at('applied'), 'utf8').trim().split('\n').toSorted(), ['of commands', 'of the gate', 'of the server']);
  });

  it('passes on all of a long output before the end', async () => {
    const { code, out } = await outcomeOf(relay('plain', ['/bin/sh', '-c', 'head -c 5000000 /dev/zero | tr "\\0" x']));
    assert.deepEqual([code, out.length], [0, 5_000_000]);
  });

  it('ends with the command, whatever that has left running with its streams', async () => {
    const { code, out } = await outcomeOf(
      relay('plain', ['/bin/sh', '-c', `{ until [ -f ${at('end')} ]; do sleep 0.05; done; } & echo done`]),
    );
    assert.deepEqual([code, out], [0, 'done\n']);
  });

  it('takes the command along when what stands in for it is told to end, or is killed', async () => {
    const told = relay('plain', ['/bin/sh', '-c', `trap 'echo told > ${at('told')}; exit 5' TERM; echo 1; while :; do sleep 0.05; done`]);
    await once(told.stdout as NodeJS.ReadableStream, 'data');
    told.kill('SIGTERM');
    assert.equal((await outcomeOf(told)).code, 5);
    const killed = relay('plain', ['/bin/sh', '-c', 'echo $$; exec sleep 1000']);
    const [pid] = (await once(killed.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    killed.kill('SIGKILL');
    for (const gone = () => process.kill(Number(pid.toString()), 0); ; await new Promise(setImmediate)) {
      try {
        gone();
      } catch {
        break;
      }
    }
  });

  it('ends with the server, and as it ended', async () => {
    writeFileSync(at('end'), '');
    const [code] = (await once(broker, 'exit')) as unknown[];
    assert.deepEqual([code, readFileSync(at('served'), 'utf8'), existsSync(at('s'))], [7, 'of the server /\n', false]);
    const { code: late, err } = await outcomeOf(relay('plain', ['/bin/true']));
    assert.deepEqual([late, err.startsWith('the sandbox of this command is gone')], [1, true]);
  });
});
