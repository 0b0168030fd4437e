import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { ensureBubblewrap } from '../support/ensureBubblewrap.ts';
import { dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { bash, byWord, tools, write } from '../support/sampleScript.ts';

/** Programs that Reactor's part of a cell starts by name, or did. */
const PROGRAMS = 'bwrap setsid mkfifo head tail taskset env git rg';

/** Puts programs of the agent's wherever one of these could be looked for; each tells what it sees and goes on as the real one. */
const plant = `here=$PWD
mkdir -p ~/bin ~/.tools/bin report
for name in ${PROGRAMS}; do
  for folder in ~/bin ~/.tools/bin "$here"; do
    cat > "$folder/$name" <<END
#!/bin/sh
for f in /proc/[0-9]*/environ; do /usr/bin/tr '\\\\0' '\\\\n' < \\$f; done 2>/dev/null | /usr/bin/grep -E '^(OPENCODE_|ANTHROPIC)' >> "$here/report/$name"
exec /usr/bin/$name "\\$@"
END
    chmod +x "$folder/$name"
  done
done
echo planted > report/planted
`;

/** Moves each folder above the worktree, so that the worktree's path would lead to what is put there instead. */
const moveAbove = `mkdir -p report; above=$PWD; here=$PWD
while [ "$(dirname "$above")" != / ]; do
  above=$(dirname "$above")
  if mv "$above" "$above.away" 2>/dev/null; then
    echo "moved $above" >> /tmp/moved
    mkdir -p "$here"; printf '#!/bin/sh\\nexit 0\\n' > "$here/check.sh"
    break
  fi
done
cat /tmp/moved > "$here/report/moved" 2>/dev/null; echo tried > "$here/report/tried"; echo bad > bad.txt; echo bad > "$here/bad.txt"
`;

describe('What an agent does to the server beside its commands', function () {
  this.timeout(300_000);
  let reactor: Reactor;
  let repository: string;
  const outcomes = new Map<string, Outcome>();

  before(async () => {
    ensureBubblewrap();
    reactor = await Reactor.open(
      byWord({
        planting: tools(write('plant.sh', plant), bash('sh plant.sh'), bash('true'), bash('ls > report/ls')),
        moving: tools(write('move.sh', moveAbove), bash('sh move.sh')),
        environ: tools(bash('ln -s /proc/self/environ k'), { name: 'read', args: { filePath: 'k' } }, bash('rm k')),
        settings: tools(
          bash('ln -s ~/.config/opencode k; ls -la k/ > listed; cat k/opencode.json >> listed; true'),
          { name: 'grep', args: { pattern: 'configured', path: 'k/' } },
          bash('rm k'),
        ),
        instructed: tools(bash('ln -s /proc/self/environ AGENTS.md'), bash('rm AGENTS.md')),
        packaged: tools(
          bash('ln -s /usr/bin programs'),
          { name: 'read', args: { filePath: 'programs/ldd' } },
          write('packaged.txt', 'good\n'),
        ),
      }),
      { ANTHROPIC_API_KEY: 'sk-never-seen' },
    );
    const home = join(reactor.root, 'user');
    mkdirSync(join(home, '.config', 'opencode'), { recursive: true });
    writeFileSync(join(home, '.config', 'opencode', 'opencode.json'), JSON.stringify({ username: 'k-configured' }));
    // Folders that are not there yet, and the present one, as PATH has them on many machines.
    reactor.env['PATH'] = `${join(home, 'bin')}:${join(home, '.tools', 'bin')}::${reactor.env['PATH']}:.`;
    reactor.env['LD_LIBRARY_PATH'] = `${join(home, 'lib')}:`;
    repository = await reactor.repository('plain', { ...plainProject(), '.gitignore': 'programs\n' });
    const words = ['planting', 'moving', 'environ', 'settings', 'instructed', 'packaged'];
    for (const word of words) {
      const more = word === 'moving' ? ['--attempts', '1'] : [];
      outcomes.set(
        word,
        await reactor.run(repository, `Try ${word}`, ['--sandbox', 'required', '--land', 'branch', ...more, '--task', word]),
      );
    }
  });
  after(() => reactor.close());

  const outcomeOf = (word: string): Outcome => outcomes.get(word) as Outcome;
  const filesOf = async (word: string): Promise<string[]> => {
    const { kept } = onlyRun(outcomeOf(word));
    return (await git(repository, 'ls-tree', '-r', '--name-only', `${kept}`)).split('\n');
  };

  it('no program of the agent’s is started beside the server', async () => {
    const { exitCode, stderr } = outcomeOf('planting');
    assert.equal(exitCode, 0, `${onlyRun(outcomeOf('planting')).reason}\n${stderr}`);
    const reports = (await filesOf('planting')).filter((name) => name.startsWith('report/'));
    assert.ok(reports.includes('report/planted') && reports.includes('report/ls'), reports.join(' '));
    for (const name of reports) {
      const told = await git(repository, 'show', `${onlyRun(outcomeOf('planting')).kept}:${name}`);
      assert.doesNotMatch(told, /OPENCODE_(SERVER_PASSWORD|CONFIG_CONTENT)|sk-never-seen/, name);
    }
  });

  it('no folder above the worktree can be moved, so the tests run in it', async () => {
    const files = await filesOf('moving');
    assert.ok(files.includes('report/tried'), files.join(' '));
    assert.equal(files.includes('report/moved'), true);
    assert.equal(await git(repository, 'show', `${onlyRun(outcomeOf('moving')).kept}:report/moved`), '');
    assert.deepEqual(
      dataOf(outcomeOf('moving'), 'attempt/tested').map(({ evidence }) => evidence.exitCode),
      [1],
    );
  });

  for (const [word, what] of [
    ['environ', /read .*\/k, which leads to \/proc\/.* outside the worktree/],
    ['instructed', /the instructions .*AGENTS\.md lead to \/proc\//],
  ] as const) {
    it(`${word}: the server’s own tools led outside by a link end the attempt`, () => {
      const outcome = outcomeOf(word);
      assert.deepEqual([outcome.exitCode, onlyRun(outcome).commit], [4, null], outcome.stderr);
      assert.match(JSON.stringify(dataOf(outcome, 'attempt/violated')), what);
    });
  }

  it('the user’s settings of the agent server are not there', async () => {
    const { kept } = onlyRun(outcomeOf('settings'));
    assert.doesNotMatch(await git(repository, 'show', `${kept}:listed`), /k-configured|opencode\.json/);
  });

  it('programs of the machine may be read by a link', () => {
    assert.equal(outcomeOf('packaged').exitCode, 0, `${onlyRun(outcomeOf('packaged')).reason}\n${outcomeOf('packaged').stderr}`);
  });
});
