import type { SecretGuard } from '../core/policy/secrets/secretGuard.ts';
import type { LiveMessage } from '../protocol/messages.ts';

/** A longer word is passed on as it is so far: no key is that long. */
const LONGEST_WORD = 600;

/** What clients are told while it happens, without secrets. Text comes in pieces that may cut a key, so its last word is held back until it ends. */
export class LiveText {
  readonly #guard: Pick<SecretGuard, 'redact'>;
  readonly #tell: (live: LiveMessage) => void;
  readonly #held = new Map<string, string>();

  constructor(guard: Pick<SecretGuard, 'redact'>, tell: (live: LiveMessage) => void) {
    this.#guard = guard;
    this.#tell = tell;
  }

  take(live: LiveMessage): void {
    if (live.kind !== 'text') {
      this.end(live.run);
      this.#tell({ ...live, text: this.#guard.redact(live.text) });
      return;
    }
    const text = (this.#held.get(live.run) ?? '') + live.text;
    const word = /\S*$/.exec(text)?.[0].length ?? 0;
    const cut = word > LONGEST_WORD ? text.length : text.length - word;
    this.#hold(live.run, text.slice(cut));
    this.#say(live.run, text.slice(0, cut));
  }

  /** Nothing follows for now: what was held back is told. */
  end(run: string | null): void {
    const text = run === null ? undefined : this.#held.get(run);
    if (run === null || text === undefined) return;
    this.#held.delete(run);
    this.#say(run, text);
  }

  #hold(run: string, text: string): void {
    if (text === '') this.#held.delete(run);
    else this.#held.set(run, text);
  }

  #say(run: string, text: string): void {
    if (text !== '') this.#tell({ run, kind: 'text', text: this.#guard.redact(text) });
  }
}
