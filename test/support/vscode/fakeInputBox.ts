import { FakeEventEmitter } from './fakeTypes.ts';

interface Button {
  readonly tooltip?: string;
}

/** An input that answers itself, once shown, from the queue: `[Button]` presses that button, other text is typed and accepted. */
export class FakeInputBox {
  title = '';
  prompt = '';
  placeholder = '';
  value = '';
  validationMessage: unknown;
  buttons: readonly Button[] = [];
  ignoreFocusOut = false;
  readonly #say: (line: string) => void;
  readonly #next: () => string | readonly string[] | null;
  readonly #pressing: Promise<void>;
  #isGone = false;
  readonly #accepted = new FakeEventEmitter<undefined>();
  readonly #pressed = new FakeEventEmitter<Button>();
  readonly #hidden = new FakeEventEmitter<undefined>();
  readonly #typed = new FakeEventEmitter<string>();
  readonly onDidAccept = this.#accepted.event;
  readonly onDidTriggerButton = this.#pressed.event;
  readonly onDidHide = this.#hidden.event;
  readonly onDidChangeValue = this.#typed.event;

  /** @param pressing until when the person waits before they answer */
  constructor(say: (line: string) => void, next: () => string | readonly string[] | null, pressing: Promise<void>) {
    this.#say = say;
    this.#next = next;
    this.#pressing = pressing;
  }

  show(): void {
    const buttons = this.buttons.map(({ tooltip }) => ` [${tooltip ?? ''}]`).join('');
    this.#say(`input: ${[this.title, this.prompt, this.value].filter((part) => part !== '').join(' | ')}${buttons}`);
    void this.#pressing.then(() => (this.#isGone ? undefined : this.#answer()));
  }

  #answer(): void {
    const answer = this.#next();
    if (typeof answer !== 'string') return this.hide();
    const pressed = this.buttons.find(({ tooltip }) => answer === `[${tooltip}]`);
    if (pressed !== undefined) return this.#pressed.fire(pressed);
    this.value = answer;
    this.#typed.fire(answer);
    this.#accepted.fire(undefined);
  }

  hide(): void {
    this.#hidden.fire(undefined);
  }
  dispose(): void {
    this.#isGone = true;
  }
}
