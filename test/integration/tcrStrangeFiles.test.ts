import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, it } from 'mocha';
import { dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { commitFiles, git } from '../support/sampleRepository.ts';
import { bash, byWord, isRetry, tools } from '../support/sampleScript.ts';

const nest = 'i=0; while [ $i -lt 25 ]; do mkdir $(printf "%0200d" 0) && cd -P $(printf "%0200d" 0) || break; i=$((i+1)); done';

describe('Agents that leave files which git has trouble with', function () {
  this.timeout(180_000);
  let reactor: Reactor;
  let repository: string;
  let main: string;
  const outcomes: Record<string, Outcome> = {};

  before(async () => {
    reactor = await Reactor.open(
      byWord({
        piping: tools(bash('echo good > piping.txt && rm kept/b.txt && mkfifo kept/b.txt')),
        nesting: tools(bash(`echo good > nesting.txt; ${nest}`)),
        pointing: tools(bash(`ln -s /etc "$(printf 'p\\351')" && echo good > pointing.txt`)),
        naming: tools(bash(`echo good > "$(printf 'n\\351.txt')"`)),
        swapping: (call) =>
          isRetry(call)
            ? tools(bash('echo good > swapping.txt'))(call)
            : tools(bash('echo bad > swapping.txt && mv kept moved && ln -s moved kept'))(call),
      }),
    );
    repository = await reactor.repository('strange', plainProject());
    main = await commitFiles(repository, { 'kept/b.txt': 'b\n' });
    const words = ['piping', 'nesting', 'pointing', 'naming', 'swapping'];
    const more = ['--land', 'branch'];
    for (const word of words) outcomes[word] = await reactor.run(repository, `Try ${word}`, ['--task', word, ...more]);
  });
  after(() => reactor.close());

  const ended = (word: string) => {
    const outcome = outcomes[word] as Outcome;
    const { status, reason, kept } = onlyRun(outcome);
    return { outcome, end: [outcome.exitCode, status, reason], kept: kept ?? '' };
  };

  it('a pipe in the place of a tracked file is told, and the rest of the work kept', async () => {
    const { end, kept } = ended('piping');
    assert.deepEqual(end, [4, 'failed', "security violation: kept/b.txt has become a named pipe, which git can't hold"]);
    assert.equal(await git(repository, 'show', `${kept}:piping.txt`), 'good');
  });

  it('a folder nested too deep ends the run with its name, and the worktree stays with what is in it', () => {
    const { end, outcome } = ended('nesting');
    assert.deepEqual(end.slice(0, 2), [1, 'error'], outcome.stderr);
    assert.match(
      String(end[2]),
      /^recording the work failed: 0{60}… is nested so deep that what is in it has no name, and can't be recorded\. The worktree is left as it is: \//,
    );
  });

  it('a link that leads out under a name that is not UTF-8 lands nowhere', () => {
    assert.deepEqual(ended('pointing').end, [
      4,
      'failed',
      'security violation: nobody can tell where the link p\ufffd leads: its name is not UTF-8',
    ]);
  });

  it('a file under a name that is not UTF-8 waits for a person', () => {
    const { end } = ended('naming');
    assert.deepEqual(end.slice(0, 2), [5, 'parked']);
    assert.match(String(end[2]), /n\ufffd\.txt has a name that is not UTF-8, so that no review can show it/);
  });

  it('INV-007: after a folder was swapped for a link and the work taken back, the next attempt is tested with the folder', async () => {
    const { outcome, end } = ended('swapping');
    assert.deepEqual(end.slice(0, 2), [0, 'committed'], outcome.stderr);
    const { commit } = onlyRun(outcome);
    assert.equal(await git(repository, 'ls-tree', '-r', '--name-only', String(commit), 'kept'), 'kept/b.txt');
    assert.deepEqual(
      dataOf(outcome, 'attempt/tested').map(({ evidence }) => evidence.exitCode),
      [1, 0],
    );
  });

  it('the worktree that stayed is removed when it is named, and nothing else is left', async () => {
    const listed = JSON.parse((await reactor.call(repository, ['clean', '--dry-run', '--json', '--kind', 'worktree'])).stdout) as {
      readonly orphans: readonly { readonly name: string }[];
    };
    const names = listed.orphans.map(({ name }) => name);
    assert.equal(names.length, 1);
    const cleaned = await reactor.call(repository, ['clean', ...names, '--json']);
    assert.deepEqual([cleaned.exitCode, existsSync(names[0] ?? '')], [0, false], cleaned.stdout + cleaned.stderr);
    assert.deepEqual([await git(repository, 'rev-parse', 'main'), reactor.agentServers()], [main, []]);
  });
});
