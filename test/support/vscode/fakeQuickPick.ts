import { FakeEventEmitter } from './fakeTypes.ts';

interface Button {
  readonly tooltip?: string;
}
interface Row {
  readonly label: string;
  readonly description?: string;
  readonly buttons?: readonly Button[];
}

/** A list that answers itself, once shown, from the queue: the beginning of a label is chosen, with `[Button]` behind it that button of the row. */
export class FakeQuickPick {
  title = '';
  placeholder = '';
  matchOnDescription = false;
  items: readonly Row[] = [];
  activeItems: readonly Row[] = [];
  readonly #say: (line: string) => void;
  readonly #next: () => string | readonly string[] | null;
  readonly #accepted = new FakeEventEmitter<undefined>();
  readonly #pressed = new FakeEventEmitter<{ item: Row; button: Button }>();
  readonly #hidden = new FakeEventEmitter<undefined>();
  readonly onDidAccept = this.#accepted.event;
  readonly onDidTriggerItemButton = this.#pressed.event;
  readonly onDidHide = this.#hidden.event;

  constructor(say: (line: string) => void, next: () => string | readonly string[] | null) {
    this.#say = say;
    this.#next = next;
  }

  show(): void {
    this.#say(`pick: ${this.title} | ${this.placeholder}`);
    for (const { label, description = '', buttons = [] } of this.items) {
      this.#say(`  ${label} | ${description}${buttons.map(({ tooltip = '' }) => ` [${tooltip}]`).join('')}`);
    }
    queueMicrotask(() => this.#answer());
  }

  #answer(): void {
    const answer = this.#next();
    const [, start = '', tooltip] = /^(.*?)(?: \[(.*)\])?$/.exec(String(answer)) ?? [];
    const item = answer === null ? undefined : this.items.find(({ label }) => label.replace(/^\$\([a-z-]+\) /, '').startsWith(start));
    const button = item?.buttons?.find((one) => one.tooltip === tooltip);
    if (item === undefined) this.#hidden.fire(undefined);
    else if (button !== undefined) this.#pressed.fire({ item, button });
    else {
      this.activeItems = [item];
      this.#accepted.fire(undefined);
    }
  }
  dispose(): void {}
}
