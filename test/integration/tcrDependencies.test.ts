import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { ensureBubblewrap } from '../support/ensureBubblewrap.ts';
import { HeldAnswers } from '../support/heldAnswers.ts';
import { dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { pythonProject, settings } from '../support/sampleProjects.ts';
import { git, type SampleFiles } from '../support/sampleRepository.ts';
import { bash, byWord, isRetry, tools, write } from '../support/sampleScript.ts';

/** What setup puts up: a test tool that git ignores. It fails on bad words, and has a cache that can hold what the tests said the last time. */
const setup = `mkdir -p node_modules/.bin node_modules/left .venv/bin
printf 'left\\n' > node_modules/left/index.js
cat > node_modules/.bin/mocha <<'END'
#!/bin/sh
mkdir -p node_modules/.cache
if [ -f node_modules/.cache/result ]; then cat node_modules/.cache/result; exit 0; fi
if grep -l bad *.txt; then echo "a bad word"; exit 1; fi
date +%N > node_modules/.cache/time.$$
echo fine
END
chmod +x node_modules/.bin/mocha
`;
const project = (more = ''): SampleFiles => ({
  'reactor.yaml': settings('node_modules/.bin/mocha', `setup: sh setup.sh\n${more}`),
  'setup.sh': setup,
  '.gitignore': 'node_modules/\n.venv/\nspare/\ndeps/\n',
  'readme.txt': 'A sample.\n',
});

const GREEN = "printf '#!/bin/sh\\nexit 0\\n'";
/** Ways to make the test tool say green. */
const ways = {
  written: `${GREEN} > node_modules/.bin/mocha`,
  forged: `${GREEN} > node_modules/.bin/mocha; touch -d 2001-01-01 node_modules/.bin/mocha node_modules/.bin node_modules`,
  exchanged: `cp -a node_modules spare; ${GREEN} > spare/.bin/mocha; rm -rf node_modules; mv spare node_modules`,
  linked: `mkdir deps; cp -a node_modules/.bin deps; ${GREEN} > deps/.bin/mocha; rm -rf node_modules; ln -s deps node_modules`,
} as const;
const tried = { 'written-off': 'written', written: 'written', forged: 'forged', 'exchanged-off': 'exchanged', linked: 'linked' } as const;
/** Python takes compiled code of this kind for what it says it is, whatever the source says now. */
const COMPILE = `python3 -c "
import importlib.util, py_compile
mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
py_compile.compile('greeting.py', cfile=importlib.util.cache_from_source('greeting.py'), invalidation_mode=mode)"`;
const sandboxOf = (task: string): string => (task.endsWith('-off') ? 'off' : 'required');

describe('Tools of the tests that git ignores', function () {
  this.timeout(300_000);
  const answers = new HeldAnswers();
  const outcomes = new Map<string, Outcome>();
  let reactor: Reactor;
  let repository: string;
  let allowing: string;

  before(async () => {
    ensureBubblewrap();
    const bad = (word: string) => write(`${word}.txt`, 'bad\n');
    const scripts = Object.fromEntries(Object.entries(ways).map(([word, command]) => [word, tools(bash(command), bad(word))]));
    reactor = await Reactor.open(
      byWord({
        ...scripts,
        poisoned: tools(bash('mkdir -p node_modules/.cache; echo passed > node_modules/.cache/result'), bad('poisoned')),
        compiled: tools(bash(COMPILE), write('greeting.py', 'def greet():\n    return "Hello"\n\n\nbroken = greet(1)\n')),
        untouched: tools(bash('cat node_modules/.bin/mocha > seen.log')),
        retried: (call) => tools(bash('node_modules/.bin/mocha; true'), write('retried.txt', isRetry(call) ? 'good\n' : 'bad\n'))(call),
        installed: tools(bash('mkdir node_modules/new; echo new > node_modules/new/index.js'), write('installed.txt', 'good\n')),
        adopted: answers.hold('adopted', tools(bash(ways.written), bad('adopted'))),
        copying: answers.hold('copying', tools(write('copying.txt', 'good\n'), bash('cat node_modules/left/index.js > seen.txt'))),
        spoiling: tools(
          bash('echo spoiled >> node_modules/left/index.js; echo more > node_modules/left/more.js'),
          write('spoiling.txt', 'good\n'),
        ),
        sharing: tools(bash('(echo spoiled >> node_modules/left/index.js; rm -rf node_modules/left) 2> refused.txt; true')),
        allowed: tools(bash('echo new > node_modules/left/index.js'), write('allowed.txt', 'good\n')),
      }),
      { REACTOR_WARDEN_GRACE_MS: '60000' },
    );
    repository = await reactor.repository('tools', project());
    allowing = await reactor.repository('allowing', project('protectedPaths: ["!node_modules/"]\n'));
    const run = async (task: string, word: string, at: string, ...args: string[]): Promise<void> => {
      outcomes.set(task, await reactor.run(at, `Do ${word}`, ['--task', task, ...args]));
    };
    const ofWays = Object.entries(tried).map(([task, word]) => run(task, word, repository, '--sandbox', sandboxOf(task)));
    await Promise.all([...ofWays, run('allowed', 'allowed', allowing)]);
    const python = await reactor.repository('python', pythonProject);
    const plain = ['installed', 'untouched', 'retried'].map((word) => run(word, word, repository));
    await Promise.all([
      ...plain,
      run('poisoned', 'poisoned', repository, '--attempts', '1'),
      run('compiled', 'compiled', python, '--attempts', '1'),
    ]);
  });
  after(() => {
    answers.letAllGo();
    return reactor.close();
  });

  const outcomeOf = (task: string): Outcome => outcomes.get(task) as Outcome;
  /** Tests green, and all the same nothing but a person lets it pass. */
  const waits = (outcome: Outcome, named: RegExp): void => {
    const { status, commit, reason, protected: guarded = [] } = onlyRun(outcome);
    assert.deepEqual([outcome.exitCode, status, commit], [5, 'parked', null], `${reason}\n${outcome.stderr}`);
    assert.deepEqual(
      dataOf(outcome, 'attempt/tested').map(({ evidence }) => evidence.exitCode),
      [0],
    );
    const [first = '', ...others] = guarded.map(({ path, why }) => `${path} ${why}`);
    assert.match([first, ...others].join('\n'), named);
    assert.ok(reason.includes(first), reason);
    assert.deepEqual(dataOf(outcome, 'attempt/approvedByPolicy'), []);
  };

  for (const [task, word] of Object.entries(tried)) {
    it(`${word}, sandbox ${sandboxOf(task)}: a test tool that the agent made always green waits for a person, also with approve: auto`, () =>
      waits(outcomeOf(task), /(node_modules|deps)\/\.bin\/mocha is not as the agent found it, and git ignores it/));
  }

  it('a link in the place of the folder of tools is named first', () =>
    assert.match(onlyRun(outcomeOf('linked')).reason, /node_modules leads elsewhere in the place of a folder of settings or tools/));

  it('a review says which files, and only then may it land', async () => {
    const shown = await reactor.call(repository, ['show', 'written-off']);
    assert.match(shown.stdout, /needs a person: node_modules\/\.bin\/mocha is not as the agent found it/);
    const status = await reactor.call(repository, ['status']);
    assert.match(status.stdout, /written-off .*node_modules\/\.bin\/mocha is not as the agent found it/);
    assert.doesNotMatch(await git(repository, 'log', '--format=%s', 'main'), /written|forged|exchanged|linked/);
  });

  it('a new package waits too, and lands when a person approves', async () => {
    waits(outcomeOf('installed'), /^.*node_modules\/new\/index\.js is not as the agent found it/);
    const approved = await reactor.call(repository, ['approve', 'installed']);
    assert.equal(approved.exitCode, 0, approved.stderr);
    await reactor.call(repository, ['watch', 'installed']);
    assert.equal(await git(repository, 'show', 'main:installed.txt'), 'good');
  });

  it('what is left as it is asks nobody', () => {
    const outcome = outcomeOf('untouched');
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [0, 'landed'], outcome.stderr);
  });

  it('a cache that the agent wrote is empty when the tests begin', () => {
    const outcome = outcomeOf('poisoned');
    const [tested] = dataOf(outcome, 'attempt/tested');
    assert.deepEqual([outcome.exitCode, tested?.evidence.exitCode], [2, 1], outcome.stderr);
    assert.match(tested?.evidence.tail ?? '', /a bad word/);
  });

  it('so is compiled code beside its source', () => {
    const outcome = outcomeOf('compiled');
    const [tested] = dataOf(outcome, 'attempt/tested');
    assert.deepEqual([outcome.exitCode, tested?.evidence.exitCode], [2, 1], outcome.stderr);
  });

  it('what the tests themselves write into a cache asks nobody, in a later attempt neither', () => {
    const outcome = outcomeOf('retried');
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).attempts], [0, 'landed', 2], outcome.stderr);
  });

  it('settings may allow it', () => {
    const outcome = outcomeOf('allowed');
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [0, 'landed'], outcome.stderr);
  });

  it('kill -9 of the engine in the turn: the next one knows from when on it is the agent’s', async () => {
    const call = reactor.startRun(repository, 'Do adopted', ['--task', 'adopted']);
    await answers.isHeld(reactor, 'adopted');
    reactor.killEngine(repository);
    await call.entry('run/recovered');
    answers.letGo('adopted');
    const outcome = await call.outcome;
    assert.equal(dataOf(outcome, 'run/recovered')[0]?.outcome, 'adopted');
    waits(outcome, /node_modules\/\.bin\/mocha is not as the agent found it/);
  });

  it('dependency folders that cells copy are each cell’s own: what one writes is neither in another nor in the checkout', async () => {
    const files = { ...project(), 'reactor.yaml': settings('test -f readme.txt', 'cells: { copy: [node_modules] }\n') };
    const copied = await reactor.repository('copied', files);
    const original = join(copied, 'node_modules', 'left', 'index.js');
    mkdirSync(join(original, '..'), { recursive: true });
    writeFileSync(original, 'left\n');
    const other = reactor.startRun(copied, 'Do copying', ['--task', 'copying']);
    await answers.isHeld(reactor, 'copying');
    const spoiling = await reactor.run(copied, 'Do spoiling', ['--task', 'spoiling']);
    waits(spoiling, /node_modules\/left \(2 files\) is not as the agent found it/);
    answers.letGo('copying');
    const outcome = await other.outcome;
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [0, 'landed'], outcome.stderr);
    assert.deepEqual([await git(copied, 'show', 'main:seen.txt'), readFileSync(original, 'utf8')], ['left', 'left\n']);
  });

  it('dependency folders that sandboxed cells share outside are read-only in each', async () => {
    const shared = join(reactor.root, 'shared');
    mkdirSync(join(shared, 'left'), { recursive: true });
    writeFileSync(join(shared, 'left', 'index.js'), 'left\n');
    const more = `setup: ln -s ${shared} node_modules\nfiles: { read: ['${shared}'] }\n`;
    const files = { ...project(), '.gitignore': 'node_modules\n', 'reactor.yaml': settings('cat node_modules/left/index.js', more) };
    const sharing = await reactor.repository('sharing', files);
    const outcome = await reactor.run(sharing, 'Do sharing', ['--task', 'sharing', '--sandbox', 'required']);
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [0, 'landed'], outcome.stderr);
    assert.match(await git(sharing, 'show', 'main:refused.txt'), /Read-only file system/);
    assert.equal(readFileSync(join(shared, 'left', 'index.js'), 'utf8'), 'left\n');
  });
});
