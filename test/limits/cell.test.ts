import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, describe, it } from 'mocha';
import { dataOf, type Outcome, onlyRun, Reactor, until } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { bash, byWord, tools, write } from '../support/sampleScript.ts';
import { commandOf, MOUNT, makeUserSession } from './hierarchy.ts';

const COMMAND_LIMIT_MS = 900_000;
/** A server in a guest kernel takes its time. */
const PATIENCE = { limitMs: COMMAND_LIMIT_MS };

describe('a cell in a control group', function () {
  this.timeout(COMMAND_LIMIT_MS);
  let reactor: Reactor;
  let service: string;
  before(async () => {
    const session = makeUserSession();
    service = session.service;
    writeFileSync(join(MOUNT, session.scopes[0], 'cgroup.procs'), '0');
    const user = Number(process.env['REACTOR_GUEST_USER_ID']);
    process.setgroups?.([]);
    process.setgid?.(user);
    process.setuid?.(user);
    reactor = await Reactor.open(
      byWord({
        // Files in memory belong to no process, so that the engine, which adds up what processes hold, does not see them.
        unseen: tools(write('unseen.txt', 'good\n'), bash('head -c 3000000000 /dev/zero >/dev/shm/unseen; sleep 1000')),
        escape: tools(write('escape.txt', 'good\n'), bash('env -i setsid sleep 54321 >/dev/null 2>&1 &')),
        forks: tools(write('forks.txt', 'good\n'), bash('bomb() { bomb & bomb & sleep 1000; }; bomb')),
      }),
    );
  });
  after(() => reactor.close());

  const run = async (word: string, limits: string, sandbox: 'off' | 'required'): Promise<Outcome & { readonly repository: string }> => {
    const repository = await reactor.repository(word, plainProject(limits));
    // In a guest its start may take longer than a command waits for it.
    reactor.start(repository, ['engine'], PATIENCE);
    await until('its engine is ready', () => hasEngine(repository), COMMAND_LIMIT_MS);
    const args = ['--land', 'branch', '--task', word, '--attempts', '1', '--sandbox', sandbox];
    return { repository, ...(await reactor.startRun(repository, `Do ${word}`, args, PATIENCE).outcome) };
  };
  const hasEngine = (repository: string): boolean => {
    try {
      return reactor.engineLog(repository).includes('engine ready');
    } catch {
      // It has not begun to write it.
      return false;
    }
  };
  const groups = (): string[] => readdirSync(join(MOUNT, service)).filter((name) => name.startsWith('reactor-cell-'));

  it('INV-005 without any limit: what has shed its mark and its session is gone with the cell', async () => {
    const outcome = await run('escape', '', 'off');
    assert.equal(outcome.exitCode, 0, `${outcome.stdout.slice(-3000)}\n${outcome.stderr}`);
    const left = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandOf(Number(pid)).includes('sleep 54321'));
    assert.deepEqual(left, []);
    assert.deepEqual(groups(), []);
  });

  for (const [word, sandbox, limits, sentence] of [
    ['unseen', 'off', 'limits: { memoryMb: 700 }\n', /^the cell used 1400 MB of memory, and 700 MB is the most \(limits\.memoryMb\)$/],
    ['forks', 'required', 'limits: { processes: 60 }\n', /^the cell had \d+ processes, and 60 is the most \(limits\.processes\)$/],
  ] as const) {
    it(`${word}, sandbox ${sandbox}: the attempt ends with the reason, its work is kept, and nothing of it is left`, async () => {
      const outcome = await run(word, limits, sandbox);
      const [exceeded] = dataOf(outcome, 'cell/limitExceeded');
      assert.match(exceeded?.text ?? '', sentence, `${outcome.stdout.slice(-3000)}\n${outcome.stderr}`);
      assert.deepEqual([onlyRun(outcome).status, onlyRun(outcome).reason], ['failed', exceeded?.text]);
      const kept = `${dataOf(outcome, 'attempt/candidateBuilt')[0]?.keptRef}`;
      assert.equal(await git(outcome.repository, 'show', `${kept}:${word}.txt`), 'good');
      assert.deepEqual(reactor.agentServers(), []);
      assert.deepEqual(groups(), []);
    });
  }
});
