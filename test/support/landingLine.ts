import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Call, type Outcome, type Reactor, until } from './reactor.ts';
import { settings } from './sampleProjects.ts';
import { commitFiles, git, type SampleFiles } from './sampleRepository.ts';
import { type Gate, tools, write } from './sampleScript.ts';
import type { ModelScript } from './scriptedModel.ts';

/**
 * As the plain project. On what somebody else committed meanwhile (other.txt is there) the test writes down which text files it sees, and waits
 * until the room lets it go on; where more than one run's file is among them, also while the room says `hold-many`.
 */
const heldProject = (room: string, more: string): SampleFiles => ({
  'reactor.yaml': settings('sh check.sh', more),
  'check.sh': `#!/bin/sh
if [ -f other.txt ]; then
  echo *.txt >> ${room}/tested
  until [ -f ${room}/go ]; do sleep 0.05; done
  if [ "$(ls *.txt | wc -l)" -gt 3 ]; then while [ -f ${room}/hold-many ]; do sleep 0.05; done; fi
fi
if grep -l bad *.txt; then echo "a bad word"; exit 1; fi
if [ -f left.txt ] && [ -f right.txt ]; then echo "left and right"; exit 1; fi
echo fine
`,
  'readme.txt': 'A sample.\n',
});

/** Scripts by word, each of which writes a file of its name: the first when `first` is open, the others when `rest` is. */
export const writers = (words: readonly string[], first: Gate, rest: Gate): Record<string, ModelScript> =>
  Object.fromEntries(words.map((word, index) => [word, (index === 0 ? first : rest).before(tools(write(`${word}.txt`, 'good\n')))]));

/** Runs that are brought into the line of main one behind the other, while the first of them is held in the test of its merge. */
export class LandingLine {
  readonly room: string;
  readonly repository: string;
  readonly call: Call;
  readonly #reactor: Reactor;

  private constructor(reactor: Reactor, room: string, repository: string, call: Call) {
    this.#reactor = reactor;
    this.room = room;
    this.repository = repository;
    this.call = call;
  }

  /**
   * Starts a run for each word, in one command, and commits other.txt on main by hand once all of them work.
   * @param landing settings; nothing is tested ahead of its turn unless they say so.
   */
  static async form(reactor: Reactor, name: string, words: readonly string[], landing: object = {}): Promise<LandingLine> {
    const room = join(reactor.root, `${name}-room`);
    mkdirSync(room);
    const repository = await reactor.repository(name, heldProject(room, `landing: ${JSON.stringify({ ahead: false, ...landing })}\n`));
    const tasks = words.map((word) => `  - id: ${word}\n    prompt: Write ${word}\n`);
    writeFileSync(join(room, 'tasks.yaml'), `tasks:\n${tasks.join('')}`);
    const call = reactor.start(repository, ['run', '--json', '--approve', 'auto', '--file', join(room, 'tasks.yaml')]);
    for (const word of words) await call.entry('attempt/started', ({ run }) => run === `${word}-r1`);
    await commitFiles(repository, { 'other.txt': 'by hand\n' });
    return new LandingLine(reactor, room, repository, call);
  }

  /** The first is in the test of its merge, and then the others join, each behind the one before. */
  async fill(words: readonly string[], first: Gate, rest: Gate): Promise<void> {
    first.open();
    await until('the first one is tested on what main has become', () => this.tested.length > 0);
    rest.open();
    for (const word of words.slice(1)) await this.call.entry('landing/queued', ({ run }) => run === `${word}-r1`);
  }

  /** The merges that were tested, by the text files in them. */
  get tested(): string[] {
    const file = join(this.room, 'tested');
    return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  }

  /** Lets the tests come to an end. */
  go(): Promise<Outcome> {
    this.say('go');
    return this.call.outcome;
  }

  /** Puts a word into the room, for the project's test and hooks to find. */
  say(word: string): void {
    writeFileSync(join(this.room, word), '');
  }

  unsay(word: string): void {
    rmSync(join(this.room, word));
  }

  /** The runs whose commits main has, oldest first, by their trailers. */
  async landed(): Promise<string[]> {
    const format = '--format=%(trailers:key=Reactor-Run,valueonly,separator=%x2C)';
    const lines = (await git(this.repository, 'log', '--reverse', format, 'main')).split('\n');
    return lines.filter((line) => line !== '').map((run) => run.replace(/-r1$/, ''));
  }

  status(): Promise<Outcome> {
    return this.#reactor.call(this.repository, ['status', '--json']);
  }
}
