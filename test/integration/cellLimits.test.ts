import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { ensureBubblewrap } from '../support/ensureBubblewrap.ts';
import { dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { bash, byWord, tools, write } from '../support/sampleScript.ts';

const LIMITS = 'limits: { memoryMb: 1500, processes: 120, diskMb: 300, files: 20000, openFiles: 200, cpus: 1 }\n';
const HOLDS_ON = 'sleep 60';

/** What is tried, by a command of the agent after it has written a file. */
const bombs = {
  // They hold on to it: a process that is over the limit for less than a second may end between two looks.
  memory: `python3 -c "import time
a=[]
try:
  while True: a.append(bytearray(20_000_000))
except MemoryError: time.sleep(60)"; ${HOLDS_ON}`,
  shared: `python3 -c "import mmap, time
m=mmap.mmap(-1, 1_900_000_000)
for i in range(0, len(m), 4096): m[i]=1
time.sleep(60)" & ${HOLDS_ON}`,
  // One whose processes stay: the usual one runs into the ceiling and dies of it before anybody has looked.
  forks: `bomb() { bomb & bomb & ${HOLDS_ON}; }; bomb`,
  disk: `i=0; while :; do i=$((i+1)); head -c 50000000 /dev/zero > "filler.$i" || break; done; ${HOLDS_ON}`,
  temporary: `i=0; while :; do i=$((i+1)); head -c 50000000 /dev/zero > "/tmp/filler.$i" || break; done; ${HOLDS_ON}`,
  crowd: `mkdir many; cd many; seq 200000 | xargs -n 1000 touch; ${HOLDS_ON}`,
} as const;
type Bomb = keyof typeof bombs;
const titles: Partial<Record<Bomb, string>> = { crowd: 'crowd of 200,000 files', forks: 'fork bomb', disk: 'disk filler' };

const expected: Record<Bomb, { limit: string; sentence: RegExp }> = {
  memory: { limit: 'memoryMb', sentence: /^the cell used \d+ MB of memory, and 1500 MB is the most \(limits\.memoryMb\)$/ },
  shared: { limit: 'memoryMb', sentence: /MB of memory, and 1500 MB is the most/ },
  forks: { limit: 'processes', sentence: /^the cell had \d+ processes, and 120 is the most \(limits\.processes\)$/ },
  disk: { limit: 'diskMb', sentence: /^the cell took \d+ MB on disk, and 300 MB is the most \(limits\.diskMb\)$/ },
  temporary: { limit: 'diskMb', sentence: /MB on disk/ },
  crowd: { limit: 'files', sentence: /^the cell had \d+ files, and 20000 is the most \(limits\.files\)$/ },
};

describe('Limits of a cell', function () {
  this.timeout(300_000);
  let reactor: Reactor;
  const outcomes = new Map<string, Outcome>();
  const repositories = new Map<string, string>();

  before(async () => {
    ensureBubblewrap();
    const scripts = Object.fromEntries(
      Object.entries(bombs).map(([word, command]) => [word, tools(write(`${word}.txt`, 'good\n'), bash(command))]),
    );
    reactor = await Reactor.open(
      byWord({
        ...scripts,
        tests: tools(write('check.sh', `python3 -c "import time; a=bytearray(1_800_000_000); time.sleep(60)"\n`)),
        unset: tools(write('unset.txt', 'good\n'), bash(`for i in $(seq 2100); do sleep 60 & done; ${HOLDS_ON}`)),
        within: tools(
          write('within.txt', 'good\n'),
          bash('ulimit -n > limits.out; ulimit -c >> limits.out; nproc >> limits.out; (setsid sleep 54321 >/dev/null 2>&1 &)'),
        ),
      }),
    );
  });
  after(() => reactor.close());

  const run = async (word: string, args: readonly string[] = [], limits = LIMITS): Promise<Outcome> => {
    const repository = await reactor.repository(word, plainProject(limits));
    repositories.set(word, repository);
    const outcome = await reactor.run(repository, `Do ${word}`, ['--sandbox', 'required', '--land', 'branch', '--task', word, ...args]);
    outcomes.set(word, outcome);
    return outcome;
  };

  for (const word of Object.keys(bombs) as Bomb[]) {
    it(`${titles[word] ?? word}: the attempt ends with the reason, its work is kept, and nothing of it is left`, async () => {
      const outcome = await run(word);
      const { limit, sentence } = expected[word];
      const [exceeded] = dataOf(outcome, 'cell/limitExceeded');
      assert.equal(exceeded?.limit, limit, `${outcome.stdout.slice(-3000)}\n${outcome.stderr}`);
      assert.match(exceeded.text, sentence);
      const [executed] = dataOf(outcome, 'attempt/executed');
      assert.deepEqual([executed?.end, executed?.limit, executed?.reason], ['limit', limit, exceeded.text]);
      assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).reason], [2, 'failed', exceeded.text]);
      const kept = `${dataOf(outcome, 'attempt/candidateBuilt')[0]?.keptRef}`;
      assert.equal(await git(repositories.get(word) ?? '', 'show', `${kept}:${word}.txt`), 'good');
      assert.deepEqual(reactor.agentServers(), []);
    });
  }

  it('tests that use too much are red for that reason, which the agent is told', async () => {
    const outcome = await run('tests', ['--attempts', '1']);
    const [tested] = dataOf(outcome, 'attempt/tested');
    assert.equal(tested?.evidence.end, 'overLimit', outcome.stderr);
    assert.match(tested.evidence.reason ?? '', /MB of memory, and 1500 MB is the most/);
    assert.deepEqual(
      dataOf(outcome, 'attempt/reverted').map(({ reason }) => reason),
      [tested.evidence.reason],
    );
  });

  it('a limit that nobody has set holds by default, and says so', async () => {
    const outcome = await run('unset', [], '');
    const [exceeded] = dataOf(outcome, 'cell/limitExceeded');
    assert.match(
      exceeded?.text ?? outcome.stderr,
      /^the cell had \d+ processes, and 2000 is the most by default; limits\.processes in reactor\.yaml sets another, or none$/,
    );
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).reason], [2, 'failed', exceeded?.text]);
  });

  it('work within the limits is not disturbed, and each command is kept to what the system can keep it to', async () => {
    const outcome = await run('within');
    assert.equal(outcome.exitCode, 0, outcome.stderr);
    assert.deepEqual(dataOf(outcome, 'cell/limitExceeded'), []);
    assert.equal(await git(repositories.get('within') ?? '', 'show', 'reactor/within:limits.out'), '200\n0\n1');
    assert.deepEqual(
      reactor.processes().filter(({ commandLine }) => commandLine.includes('sleep 54321')),
      [],
    );
  });
});
