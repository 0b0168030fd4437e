import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { sampleKeys } from '../support/sampleKeys.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { bash, byWord, tools, write } from '../support/sampleScript.ts';

const OWN_TOKEN = 'own-token-4f7a9c2e8b1d';
const STORED_KEY = 'stored-key-91f7a9c2e8b1d';
const github = sampleKeys['github'] ?? '';
const pem = sampleKeys['private-key'] ?? '';

/** What git calls the function around its last line has a character that elsewhere ends a line. */
const oddFile = (last: string): string =>
  `function a() { // \u2028 odd\n${Array.from({ length: 20 }, (_, at) => `  line ${at}\n`).join('')}${last}\n`;

/** Every file below a folder that has the text in it, read as bytes. */
const filesWith = (folder: string, text: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    return entry.isFile() && readFileSync(path).includes(text) ? [path] : [];
  });

describe('Secrets', function () {
  this.timeout(180_000);
  let reactor: Reactor;
  let repository: string;
  const told: string[] = [];
  const outcomes = new Map<string, Outcome>();

  before(async () => {
    const script = byWord({
      corrected: (call) =>
        call.prompt.includes('what looks like a secret')
          ? tools(write('settings.txt', 'token from the environment\n'))(call)
          : tools(write('settings.txt', `first\ntoken ${github}\n`))(call),
      stubborn: tools(bash(`printf '*.txt binary -diff\\n' > .gitattributes`), write('deep/key.txt', `one\ntwo\n${pem}\n`)),
      odd: tools(write('odd.js', oddFile(`  token ${github}`))),
      marked: tools(write('yarn.lock', `first\ntoken ${github}\n`)),
      allowed: tools(write('allowed.txt', `${github}\n`)),
      printing: tools(bash('echo "the token is $SERVICE_TOKEN"'), write('printed.txt', 'good\n')),
      speaking: (call) => (call.turn === 0 ? tools(write('said.txt', 'good\n'))(call) : { text: `I used ${STORED_KEY} and ${github}.` }),
    });
    reactor = await Reactor.open(script, { SERVICE_TOKEN: OWN_TOKEN });
    const auth = join(reactor.root, 'user', '.local', 'share', 'opencode');
    mkdirSync(auth, { recursive: true });
    writeFileSync(join(auth, 'auth.json'), JSON.stringify({ elsewhere: { type: 'api', key: STORED_KEY } }));
    repository = await reactor.repository('plain', { ...plainProject(), 'odd.js': oddFile('  last'), '.gitattributes': '*.lock -diff\n' });
    const all: Readonly<Record<string, readonly string[]>> = {
      corrected: [],
      stubborn: ['--attempts', '2'],
      odd: ['--attempts', '1'],
      marked: ['--attempts', '1'],
      allowed: ['--attempts', '1'],
      printing: ['--test', 'echo "$SERVICE_TOKEN"; echo end'],
      speaking: [],
    };
    await Promise.all(Object.entries(all).map(async ([word, args]) => outcomes.set(word, await run(word, ...args))));
  });
  after(() => reactor.close());

  const run = async (word: string, ...args: string[]): Promise<Outcome> => {
    const outcome = await reactor.run(repository, `Do ${word} with ${github}`, ['--task', word, '--land', 'branch', ...args]);
    told.push(outcome.stdout, outcome.stderr);
    return outcome;
  };
  const outcomeOf = (word: string): Outcome => outcomes.get(word) as Outcome;

  it('a change with a key goes back to the agent with file and line, and is committed without it', async () => {
    const outcome = outcomeOf('corrected');
    assert.equal(outcome.exitCode, 0, outcome.stderr);
    const [first, second] = dataOf(outcome, 'attempt/candidateBuilt');
    assert.deepEqual(
      first?.secrets?.map(({ path, line, name }) => [path, line, name]),
      [['settings.txt', 2, 'GitHub token']],
    );
    assert.equal(second?.secrets, undefined);
    assert.equal(dataOf(outcome, 'attempt/tested').length, 1);
    assert.equal(await git(repository, 'show', `${onlyRun(outcome).commit}:settings.txt`), 'token from the environment');
  });

  it('exit code 4 when the agent leaves it in, whatever git is told of the file, and the work is kept', async () => {
    const outcome = outcomeOf('stubborn');
    const { status, commit, reason, kept } = onlyRun(outcome);
    assert.deepEqual([outcome.exitCode, status, commit], [4, 'failed', null], outcome.stderr);
    assert.match(reason, /a secret would be committed: deep\/key\.txt:3 \(private key\); .*secrets\.allow: private-key:[0-9a-f]{16}/);
    assert.equal(await git(repository, 'show', `${kept}:deep/key.txt`), `one\ntwo\n${pem}`);
  });

  it('a key is found below text with characters that elsewhere end a line', () => {
    const outcome = outcomeOf('odd');
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).commit], [4, null], outcome.stderr);
    assert.match(onlyRun(outcome).reason, /a secret would be committed: odd\.js:22 \(GitHub token\)/);
  });

  it('a key is found in text that the attributes of the repository call binary', () => {
    const outcome = outcomeOf('marked');
    assert.equal(outcome.exitCode, 4, outcome.stderr);
    assert.match(onlyRun(outcome).reason, /a secret would be committed: yarn\.lock:2 \(GitHub token\)/);
  });

  it('a finding that a person allowed in reactor.yaml is committed', async () => {
    const refused = outcomeOf('allowed');
    const id = /github:[0-9a-f]{16}/.exec(onlyRun(refused).reason)?.[0];
    const settings = join(repository, 'reactor.yaml');
    writeFileSync(settings, `${readFileSync(settings, 'utf8')}secrets: { allow: ["${id}"] }\n`);
    const outcome = await run('allowed', '--attempts', '1');
    assert.equal(outcome.exitCode, 0, `${onlyRun(outcome).reason}\n${outcome.stderr}`);
  });

  it('what commands print and agents say is recorded without the keys of this machine', () => {
    const outcome = outcomeOf('printing');
    assert.equal(outcome.exitCode, 0, outcome.stderr);
    const [tested] = dataOf(outcome, 'attempt/tested');
    assert.equal(tested?.evidence.tail, '[secret: SERVICE_TOKEN]\nend\n');
    const spoken = outcomeOf('speaking');
    const texts = dataOf(spoken, 'message/finished').map(({ message }) => message.text);
    assert.ok(texts.includes('I used [secret: stored key] and [secret: GitHub token].'), texts.join('\n'));
  });

  it('a test command with a key in it is not accepted; in a title it is covered', async () => {
    const refused = await reactor.run(repository, 'Do printing', ['--task', 'inline', '--test', `TOKEN=${github} true`]);
    told.push(refused.stdout, refused.stderr);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stdout + refused.stderr, /The test command has a secret in it \(GitHub token\)/);
    const requested = (await reactor.entries(repository)).filter(({ type }) => type === 'run/requested');
    const titles = requested.map(({ data }) => (data as { spec: { title: string } }).spec.title);
    assert.ok(titles.includes('Do printing with [secret: GitHub token]'), titles.join('\n'));
  });

  it('no value is in the journal, in outputs, in logs, or in anything that was told', async () => {
    const data = dirname(reactor.journal(repository));
    for (const value of [OWN_TOKEN, STORED_KEY, github, pem.split('\n')[1] ?? '']) {
      assert.deepEqual(filesWith(data, value), []);
      assert.deepEqual(told.filter((text) => text.includes(value)).length, 0);
    }
    const shown = await reactor.call(repository, ['show', 'stubborn', '--diff']);
    assert.match(shown.stdout, /held back, a secret in it: deep\/key\.txt:3/);
    assert.ok(!shown.stdout.includes(pem.split('\n')[1] ?? ''), 'the diff shows the key');
  });
});
