import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { ensureBubblewrap } from '../support/ensureBubblewrap.ts';
import { dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { settings } from '../support/sampleProjects.ts';
import { advance, git, type SampleFiles } from '../support/sampleRepository.ts';
import { bash, byWord, Gate, tools, write } from '../support/sampleScript.ts';
import type { ModelScript } from '../support/scriptedModel.ts';

/**
 * Set-up installs what is wanted into a folder that git ignores and into its home, and changes a file that git has. The tests need all that is wanted
 * to be there.
 */
const project = (more: string): SampleFiles => ({
  'reactor.yaml': settings('sh check.sh', `setup: sh install.sh\nprotectedPaths: ["!cache/"]\n${more}`),
  '.gitignore': 'installed/\nleft/\ncache/\n.env\n',
  '.env': 'of the person\n',
  'install.sh': `set -e
if [ -f wants/none ]; then echo "there is no such package"; exit 1; fi
mkdir -p installed "$HOME/installed"
cp wants/* installed/
cp wants/* "$HOME/installed/"
echo installed >> lock.txt
`,
  'check.sh': `for want in wants/*; do
  cat "installed/\${want#wants/}" "$HOME/installed/\${want#wants/}" || exit 3
done
if [ -f demands/leftover ]; then cat .env cache/*; cat left/over || exit 4; fi
cat lock.txt
`,
  'lock.txt': 'locked\n',
  'readme.txt': 'A sample.\n',
  'wants/first': 'one\n',
});

describe('A landing on a target that wants other dependencies', function () {
  this.timeout(240_000);
  const targetsMove = new Gate();
  let reactor: Reactor;
  let repository: string;
  const outcomes: Record<string, Outcome> = {};

  before(async () => {
    ensureBubblewrap();
    const own: ModelScript = targetsMove.before(tools(write('own.txt', 'good\n')));
    const litter = 'mkdir cache && echo allowed > cache/kept && echo of the agent >> .env';
    const clash: ModelScript = targetsMove.before(tools(write('readme.txt', 'Ours.\n')));
    const resolve = tools(write('readme.txt', 'Both.\n'));
    reactor = await Reactor.open(
      byWord({
        ordinary: own,
        unproved: tools(write('unproved.txt', 'good\n')),
        impossible: own,
        leaning: targetsMove.before(tools(write('own.txt', 'good\n'), write('left/over', 'of the agent\n'), bash(litter))),
        clashing: (call) => (call.prompt.includes('the two conflict in') ? resolve : clash)(call),
      }),
    );
    repository = await reactor.repository('wanting', project('landing: { retries: 1 }\n'));
    const theirs: Record<string, SampleFiles> = {
      ordinary: { 'wants/second': 'two\n' },
      impossible: { 'wants/none': 'none\n' },
      leaning: { 'demands/leftover': 'yes\n' },
      clashing: { 'wants/second': 'two\n', 'readme.txt': 'Theirs.\n' },
    };
    const words = Object.keys(theirs);
    for (const word of words) await git(repository, 'branch', word);
    const more = ['--sandbox', 'required', '--attempts', '1'];
    const calls = words.map((word) => reactor.startRun(repository, `Write ${word}`, ['--target', word, ...more]));
    await Promise.all(calls.map((call) => call.entry('attempt/started')));
    for (const word of words) await advance(repository, word, theirs[word] ?? {});
    targetsMove.open();
    for (const [index, call] of calls.entries()) outcomes[words[index] ?? ''] = await call.outcome;
  });
  after(() => reactor.close());

  const outcomeOf = (word: string): Outcome => outcomes[word] as Outcome;

  it('is set up anew before the merge is tested, in the home of its tests, and lands at once', async () => {
    const outcome = outcomeOf('ordinary');
    const { status, attempts } = onlyRun(outcome);
    assert.deepEqual([outcome.exitCode, status, attempts], [0, 'landed', 1], outcome.stderr);
    const [, again, ...others] = dataOf(outcome, 'cell/setupFinished');
    assert.deepEqual([again?.evidence.command, again?.evidence.exitCode, others.length], ['sh install.sh', 0, 0]);
    const [tested] = dataOf(outcome, 'landing/tested');
    assert.match(tested?.evidence.tail ?? '', /two\ntwo/);
    assert.equal(await git(repository, 'rev-parse', 'ordinary^{tree}'), tested?.tree);
  });

  it('INV-007: what set-up changes in files that git has is taken back before the merge is tested', async () => {
    const [tested] = dataOf(outcomeOf('ordinary'), 'landing/tested');
    const lock = await git(repository, 'show', `${tested?.tree}:lock.txt`);
    assert.ok(tested?.evidence.tail.trimEnd().endsWith(lock), tested?.evidence.tail);
  });

  it('is red when its set-up fails, with what that said as the prompt', () => {
    const outcome = outcomeOf('impossible');
    assert.deepEqual(
      [dataOf(outcome, 'landing/tested')[0]?.evidence.exitCode, dataOf(outcome, 'landing/refused').map(({ code }) => code)],
      [1, ['red']],
    );
    assert.match(dataOf(outcome, 'attempt/started')[1]?.prompt ?? '', /sh install\.sh[\s\S]*there is no such package/);
  });

  it('INV-007: what an agent left where git ignores it does not make a merge green', () => {
    const outcome = outcomeOf('leaning');
    assert.deepEqual(
      [dataOf(outcome, 'landing/tested')[0]?.evidence.exitCode, dataOf(outcome, 'landing/refused').map(({ code }) => code)],
      [4, ['red']],
      outcome.stderr,
    );
    const [cleared] = dataOf(outcome, 'landing/cleared');
    assert.deepEqual([cleared?.files, cleared?.paths.toSorted()], [2, ['.env', 'left/over']]);
    // What is brought along is the person's again, and what may change stays.
    assert.match(dataOf(outcome, 'landing/tested')[0]?.evidence.tail ?? '', /^of the person\nallowed\n(?!of)/m);
  });

  it('leaves nothing that set-up changed to the agent, also where the base is not tested', async () => {
    const outcome = await reactor.run(repository, 'Write unproved', ['--no-base-test', '--land', 'branch', '--sandbox', 'required']);
    assert.equal(outcome.exitCode, 0, outcome.stderr);
    const { commit, base } = onlyRun(outcome);
    assert.equal(await git(repository, 'diff', '--name-only', base ?? '', commit ?? ''), 'unproved.txt');
  });

  it('is set up anew for what an agent makes of a conflict, too', async () => {
    const outcome = outcomeOf('clashing');
    const { status, attempts } = onlyRun(outcome);
    assert.deepEqual([outcome.exitCode, status, attempts], [0, 'landed', 2], outcome.stderr);
    assert.match(dataOf(outcome, 'attempt/tested')[1]?.evidence.tail ?? '', /two\ntwo/);
    assert.equal(await git(repository, 'show', 'clashing:readme.txt'), 'Both.');
  });
});
