import { type Disposable, toDisposable } from '../../../src/base/lifecycle.ts';
import type { OutputStream, Terminal } from '../../../src/cli/terminal.ts';
import { ManualClock } from './manualClock.ts';

export class FakeStream implements OutputStream {
  readonly isTTY: boolean;
  readonly columns = 80;
  readonly rows = 24;
  readonly #gone = new AbortController();
  text = '';
  failure: Error | null = null;

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }
  write(text: string): void {
    if (!this.#gone.signal.aborted) this.text += text;
  }
  flush(): Promise<void> {
    return Promise.resolve();
  }
  get readerGone(): AbortSignal {
    return this.#gone.signal;
  }
  hangUp(): void {
    this.#gone.abort(new Error('gone'));
  }
  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }
}

interface Question {
  readonly text: string;
  readonly answer: (typed: string | null) => void;
}

/** A terminal whose person is the test: it sees questions, types answers, presses Ctrl-C, and moves the time. */
export class FakeTerminal implements Terminal {
  readonly argv: readonly string[];
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly version = '9.9.9';
  readonly stdout: FakeStream;
  readonly stderr: FakeStream;
  readonly stdinIsTTY: boolean;
  readonly clock: ManualClock;
  readonly input: string;
  readonly questions: string[] = [];
  readonly #interrupts = new Set<(signal: 'SIGINT' | 'SIGTERM') => void>();
  readonly #keys = new Set<(key: string) => void>();
  #open: Question | null = null;
  #onQuestion: (() => void) | null = null;

  constructor(
    argv: readonly string[],
    options: { tty?: boolean; folder?: string; input?: string; environment?: Record<string, string>; now?: number } = {},
  ) {
    this.argv = argv;
    this.folder = options.folder ?? '/repository';
    this.environment = options.environment ?? { NO_COLOR: '1' };
    this.stdout = new FakeStream(options.tty ?? false);
    this.stderr = new FakeStream(options.tty ?? false);
    this.stdinIsTTY = options.tty ?? false;
    this.clock = new ManualClock(options.now ?? 0);
    this.input = options.input ?? '';
  }

  ask(question: string, signal?: AbortSignal): Promise<string | null> {
    return new Promise((resolve, reject) => {
      if (this.#open !== null) return reject(new Error(`two questions at once: ${this.#open.text} and ${question}`));
      const end = () => {
        this.#open = null;
        signal?.removeEventListener('abort', abort);
      };
      const abort = () => {
        end();
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.questions.push(question);
      this.#open = {
        text: question,
        answer: (typed) => {
          end();
          resolve(typed);
        },
      };
      this.#onQuestion?.();
    });
  }

  /** Waits for the next question and types an answer to it. @returns the question */
  async type(typed: string | null): Promise<string> {
    if (this.#open === null) await new Promise<void>((resolve) => (this.#onQuestion = resolve));
    this.#onQuestion = null;
    const { text, answer } = this.#open as unknown as Question;
    answer(typed);
    return text;
  }

  get asks(): string | null {
    return this.#open?.text ?? null;
  }

  readInput(maxBytes: number): Promise<string> {
    return this.input.length > maxBytes ? Promise.reject(new RangeError('too long')) : Promise.resolve(this.input);
  }
  onKey(listener: (key: string) => void): Disposable {
    this.#keys.add(listener);
    return toDisposable(() => this.#keys.delete(listener));
  }
  press(key: string): void {
    for (const listener of [...this.#keys]) listener(key);
  }
  onInterrupt(handler: (signal: 'SIGINT' | 'SIGTERM') => void): Disposable {
    this.#interrupts.add(handler);
    return toDisposable(() => this.#interrupts.delete(handler));
  }
  interrupt(signal: 'SIGINT' | 'SIGTERM' = 'SIGINT'): void {
    if (this.#interrupts.size === 0) throw new Error('nobody handles the signal: the process would have ended');
    for (const handler of [...this.#interrupts]) handler(signal);
  }
  timeOfDay(at: number): string {
    return new Date(at).toISOString().slice(11, 19);
  }
  dayOf(at: number): string {
    return new Date(at).toISOString().slice(0, 10);
  }
}

/** Lets everything that is ready run. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
