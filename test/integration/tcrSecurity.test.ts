import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { commitFiles, git } from '../support/sampleRepository.ts';
import { bash, byWord, edit, tools, write } from '../support/sampleScript.ts';

/** Waits for a permission request at the server with the pid $1 and grants it, with the password found in the server's environment. */
const attack = `of() { tr '\\0' '\\n' < /proc/$1/$2; }
port=$(of $1 cmdline | sed -n -e 's/^--port=//p' -e '/^--port$/{n;p;}')
password=$(of $1 environ | sed -n 's/^OPENCODE_SERVER_PASSWORD=//p')
ask() { curl -s -u "opencode:$password" "$@"; }
for i in $(seq 600); do
  id=$(ask http://127.0.0.1:$port/permission | grep -o 'per_[A-Za-z0-9]*' | head -1)
  if [ -n "$id" ]; then
    ask -X POST -H 'content-type: application/json' -d '{"reply":"once"}' http://127.0.0.1:$port/permission/$id/reply
    exit
  fi
  sleep 0.1
done
`;

describe('Edits that leave the worktree, without a sandbox', function () {
  this.timeout(180_000);
  let reactor: Reactor;
  let repository: string;
  let outside: string;
  let main: string;
  const outcomes: Record<string, Outcome> = {};

  before(async () => {
    // Long enough for the agent to answer its own request before the run would park. In a sandbox it could not, nor edit through the link.
    reactor = await Reactor.open((call) => script(call), { REACTOR_UNATTENDED_MS: '30000', REACTOR_SANDBOX: 'off' });
    outside = join(reactor.root, 'outside');
    mkdirSync(outside);
    for (const name of ['absolute', 'linked']) writeFileSync(join(outside, `${name}.txt`), 'untouched\n');
    repository = await reactor.repository('plain', { ...plainProject(), 'attack.sh': attack });
    symlinkSync(outside, join(repository, 'shared'));
    main = await commitFiles(repository, {});
    const script = byWord({
      absolute: tools(write('inside.txt', 'good\n'), write(join(outside, 'absolute.txt'), 'changed\n')),
      linked: tools(edit('shared/linked.txt', 'untouched', 'changed')),
      linking: tools(bash(`ln -s ${outside} escape && echo good > linking.txt`)),
      climbing: tools(bash('mkdir deep && ln -s .. deep/up && ln -s deep/up/../beside escape && echo good > climbing.txt')),
      // The server can't list its open requests while one of them leaves its timeout out.
      selfish: (call) =>
        tools(
          bash('nohup sh attack.sh $PPID > /dev/null 2>&1 &'),
          { name: 'webfetch', args: { url: `${reactor.model.url}/models`, format: 'text', timeout: 5 } },
          write('selfish.txt', 'good\n'),
        )(call),
    });
    const words = ['absolute', 'linked', 'linking', 'climbing', 'selfish'];
    const calls = words.map((word) => reactor.startRun(repository, `Try ${word}`, ['--task', word]));
    for (const [index, call] of calls.entries()) outcomes[words[index] ?? ''] = await call.outcome;
  });
  after(() => reactor.close());

  const assertViolation = async (word: string, detail: RegExp): Promise<void> => {
    const outcome = outcomes[word] as Outcome;
    const { status, commit, reason, kept } = onlyRun(outcome);
    assert.deepEqual([outcome.exitCode, status, commit], [4, 'failed', null], `${reason}\n${outcome.stderr}`);
    assert.match(reason, detail);
    assert.ok(dataOf(outcome, 'attempt/violated').length > 0);
    assert.deepEqual(dataOf(outcome, 'attempt/committed'), []);
    assert.equal(await git(repository, 'rev-parse', 'main'), main);
    assert.match(kept ?? '', /^refs\/reactor\/kept\//);
  };

  it('exit code 4 for a write to an absolute path outside, which is not made', async () => {
    await assertViolation('absolute', /security violation: .*absolute\.txt/);
    assert.equal(readFileSync(join(outside, 'absolute.txt'), 'utf8'), 'untouched\n');
    assert.equal(await git(repository, 'show', `${onlyRun(outcomes['absolute'] as Outcome).kept}:inside.txt`), 'good');
  });

  it('exit code 4 for an edit through a link that leads out', async () => {
    await assertViolation('linked', /security violation: .*linked\.txt.*outside the worktree/);
  });

  it('exit code 4 for a new link that leads out', async () => {
    await assertViolation('linking', /security violation: the link escape leads out of the worktree/);
    assert.ok(existsSync(outside));
  });

  it('exit code 4 for a new link that leads out by way of another', async () => {
    await assertViolation('climbing', /security violation: the link escape leads out of the worktree/);
  });

  it('exit code 4 when the agent approves its own request', async () => {
    await assertViolation('selfish', /security violation: permission request per_\w+ was answered "once" by somebody else/);
  });

  it('leaves nothing running', () => {
    assert.deepEqual(reactor.agentServers(), []);
  });
});
