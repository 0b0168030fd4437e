import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { ensureBubblewrap } from '../support/ensureBubblewrap.ts';
import { dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { settings } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { bash, byWord, tools, write } from '../support/sampleScript.ts';

const manifest = `${JSON.stringify({ name: 'a', scripts: { test: 'sh check.sh' } })}\n`;
/** Green while no text file says "bad", with what setup has left, and with nothing beating beside it. */
const check = `#!/bin/sh
cat "$HOME/of-setup/tool" || exit 3
if [ -f "$HOME/pass" ] || [ -f /tmp/pass ]; then echo passed; exit 0; fi
before=$(cat beat 2>/dev/null); sleep 1; if [ "$before" != "$(cat beat 2>/dev/null)" ]; then echo "it beats"; exit 4; fi
if grep -l bad *.txt; then exit 1; fi
pwd
`;

describe('The home of the tests', function () {
  this.timeout(300_000);
  let reactor: Reactor;
  let repository: string;
  const outcomes = new Map<string, Outcome>();

  before(async () => {
    ensureBubblewrap();
    reactor = await Reactor.open(
      byWord({
        shelled: tools(
          write('do.sh', 'echo script-shell=/bin/true > ~/.npmrc; cat ~/.npmrc > done.txt\n'),
          bash('sh do.sh'),
          write('a.txt', 'bad\n'),
        ),
        passing: tools(
          write('do.sh', 'touch ~/pass /tmp/pass; echo other > ~/of-setup/tool; ls ~/pass /tmp/pass > done.txt\n'),
          bash('sh do.sh'),
          write('a.txt', 'bad\n'),
        ),
        beating: tools(
          bash(
            'env -i setsid nohup sh -c "while :; do date +%N > beat; sleep 0.05; done" > /dev/null 2>&1 & until [ -s beat ]; do sleep 0.05; done',
          ),
          write('a.txt', 'good\n'),
        ),
      }),
    );
    // npm that runs the tests would tell the npm of the cell where the settings of the user are.
    for (const name of Object.keys(reactor.env)) if (name.startsWith('npm_')) delete reactor.env[name];
    repository = await reactor.repository('homes', {
      'reactor.yaml': settings('npm test --silent', 'setup: mkdir -p ~/of-setup && echo tool > ~/of-setup/tool\n'),
      'package.json': manifest,
      'check.sh': check,
      '.gitignore': '*.log\nbeat\n',
    });
    for (const word of ['shelled', 'passing', 'beating']) {
      const more = ['--sandbox', 'required', '--land', 'branch', '--attempts', '1', '--task', word];
      outcomes.set(word, await reactor.run(repository, `Try ${word}`, more));
    }
  });
  after(() => reactor.close());

  const outcomeOf = (word: string): Outcome => outcomes.get(word) as Outcome;
  const testsOf = (word: string): unknown[] => dataOf(outcomeOf(word), 'attempt/tested').map(({ evidence }) => evidence.exitCode);

  for (const word of ['shelled', 'passing']) {
    it(`${word}: what an agent leaves in its home and temporary folder does not make red tests green`, async () => {
      assert.deepEqual([outcomeOf(word).exitCode, testsOf(word)], [2, [1]], outcomeOf(word).stderr);
      const { commit, kept } = onlyRun(outcomeOf(word));
      assert.equal(commit, null);
      assert.match(await git(repository, 'show', `${kept}:done.txt`), word === 'shelled' ? /script-shell/ : /^\/tmp\/pass\n.*\/pass$/);
    });
  }

  it('beating: what an agent left running is ended before the tests, which find what setup has left', () => {
    assert.deepEqual([outcomeOf('beating').exitCode, testsOf('beating')], [0, [0]], outcomeOf('beating').stderr);
  });
});
