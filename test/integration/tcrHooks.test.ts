import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { defaultSandbox } from '../support/defaultSandbox.ts';
import { dataOf, onlyRun, Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { bash, byWord, isRetry, tools, write } from '../support/sampleScript.ts';

const project = (more = '') => ({ ...plainProject(`hooks: true\n${more}`), '.gitignore': '.husky/_/\n' });

describe("A run obeys the repository's hooks", function () {
  this.timeout(180_000);
  let reactor: Reactor;

  before(async () => {
    const sandbox = await defaultSandbox();
    const disarm = "mkdir -p .husky/_ && printf '#!/bin/sh\\nexit 7\\n' >.husky/_/commit-msg && chmod +x .husky/_/commit-msg";
    reactor = await Reactor.open(
      byWord({
        rewritten: tools(
          bash(sandbox === 'off' ? disarm : `${disarm} && git config core.hooksPath /nowhere`),
          write('rewritten.txt', 'good\n'),
        ),
        refused: tools(write('refused.txt', 'good\n')),
        merging: tools(write('merging.txt', 'good\n')),
        sloppy: (call) => tools(write('sloppy.txt', isRetry(call) ? 'good\n' : 'good, TODO\n'))(call),
      }),
      { REACTOR_SANDBOX: sandbox },
    );
  });
  after(() => reactor.close());

  const hook = (repository: string, path: string, script: string): void => {
    const file = join(repository, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  };

  it("the message is what the user's own make of it, not those in the worktree, with the trailers put back", async () => {
    const repository = await reactor.repository('rewritten', project());
    await git(repository, 'config', 'core.hooksPath', '.husky/_');
    hook(repository, '.husky/_/prepare-commit-msg', '[ "$2" = message ] && sed -i "1s/^/feat: /" "$1"');
    hook(repository, '.husky/_/commit-msg', 'exec sh -e "$(dirname "$0")/../commit-msg" "$@"');
    hook(
      repository,
      '.husky/commit-msg',
      'grep -v "^Reactor-" "$1" >"$1.new"; mv "$1.new" "$1"; echo "Signed-off-by: Ada <ada@example.org>" >>"$1"',
    );
    const outcome = await reactor.run(repository, 'Write rewritten', ['--task', 'rewritten']);
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [0, 'landed'], `${onlyRun(outcome).reason}\n${outcome.stderr}`);
    const lines = (await git(repository, 'log', '-1', '--format=%B', 'main')).trim().split('\n');
    assert.deepEqual(lines.slice(0, 5), [
      'feat: Task rewritten: Write rewritten',
      '',
      'Signed-off-by: Ada <ada@example.org>',
      'Reactor-Run: rewritten-r1',
      'Reactor-Attempt: 1',
    ]);
    assert.equal(await git(repository, 'log', '-1', '--format=%(trailers:key=Reactor-Run,valueonly)', 'main'), 'rewritten-r1\n');
  });

  it('a message that is refused lets the run wait with the words of the hook, before anybody is asked, and other words commit it', async () => {
    const repository = await reactor.repository('refused', project());
    hook(repository, '.git/hooks/commit-msg', 'grep -q "^feat: " "$1" || { echo "subject needs a type" >&2; exit 1; }');
    const parked = await reactor.run(repository, 'Write refused', ['--task', 'refused', '--approve', 'ask']);
    assert.deepEqual([parked.exitCode, onlyRun(parked).status, dataOf(parked, 'approval/requested')], [5, 'parked', []], parked.stderr);
    assert.equal(
      onlyRun(parked).reason,
      'commit-msg refused the message “Task refused: Write refused”: subject needs a type; nothing is lost. Mend it, then run: reactor resume refused-r1',
    );
    const asked = await reactor.call(repository, ['resume', 'refused', '--message', 'feat: {title}', '--json']);
    assert.deepEqual([asked.exitCode, onlyRun(asked).status], [5, 'parked'], asked.stderr);
    const outcome = await reactor.call(repository, ['approve', 'refused', '--json']);
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).attempts], [0, 'landed', 1], outcome.stderr);
    assert.equal(await git(repository, 'log', '-1', '--format=%s', 'main'), 'feat: Write refused');
    const entries = await reactor.entries(repository);
    assert.equal(dataOf({ entries }, 'attempt/tested').length, 1);
  });

  it('a merge that is refused lets the run wait with the words of the hook; the target moves when it agrees', async () => {
    const repository = await reactor.repository('merging', project('land: merge\n'));
    hook(repository, '.git/hooks/pre-merge-commit', 'git diff --cached --name-only; echo "main is frozen"; exit 1');
    const main = await git(repository, 'rev-parse', 'main');
    const parked = await reactor.run(repository, 'Write merging', ['--task', 'merging']);
    assert.deepEqual(
      [parked.exitCode, onlyRun(parked).status, await git(repository, 'rev-parse', 'main')],
      [5, 'parked', main],
      parked.stderr,
    );
    assert.match(
      onlyRun(parked).reason,
      /^pre-merge-commit refused the merge of reactor\/merging into main: .*main is frozen; nothing is lost/s,
    );
    hook(repository, '.git/hooks/pre-merge-commit', 'exit 0');
    const outcome = await reactor.call(repository, ['resume', 'merging', '--json']);
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).attempts], [0, 'landed', 1], outcome.stderr);
    assert.equal((await git(repository, 'log', '-1', '--format=%P', 'main')).split(' ').length, 2);
    assert.equal(await git(repository, 'show', 'main:merging.txt'), 'good');
  });

  it('a change that pre-commit refuses goes back to the agent with its words', async () => {
    const repository = await reactor.repository('sloppy', project());
    hook(repository, '.git/hooks/pre-commit', 'if git diff --cached | grep -q TODO; then echo "nothing half done, please"; exit 1; fi');
    const outcome = await reactor.run(repository, 'Write sloppy', ['--task', 'sloppy']);
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).attempts], [0, 'landed', 2], outcome.stderr);
    const [, second] = dataOf(outcome, 'attempt/started');
    assert.match(second?.prompt ?? '', /nothing half done, please/);
    assert.equal(await git(repository, 'show', 'main:sloppy.txt'), 'good');
  });

  it('leaves no agent server behind', () => {
    assert.deepEqual(reactor.agentServers(), []);
  });
});
