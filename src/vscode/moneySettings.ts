import { Emitter, type Event } from '../base/event.ts';
import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import { errorText } from '../base/log.ts';
import { Budgets, EditorMoney } from '../core/model/moneySettings.ts';
import type { HostContext } from './hostContext.ts';
import type { RepositoryModel } from './repositoryModel.ts';

/** Where notices of money go, and the name of their secret: never said by an editor's settings, which a workspace can bring along. */
const notSettings: ReadonlySet<string> = new Set(['notificationUrl', 'notificationSecretEnv'] satisfies (keyof Budgets)[]);
const names = Object.keys(Budgets.shape).filter((name) => !notSettings.has(name));

const defaults: Readonly<Record<string, unknown>> = Budgets.parse({});

/** What settings say of money, by their names below `reactor`: what holds, and what can't be used and so does not hold. */
export function moneyOf(get: (name: string) => unknown): { readonly money: EditorMoney; readonly wrong: readonly string[] } {
  const wrong: string[] = [];
  const isUsable = (name: string, money: unknown): boolean => {
    const isRight = EditorMoney.safeParse(money).success;
    if (!isRight) wrong.push(`reactor.${name}`);
    return isRight;
  };
  const budgets = Object.fromEntries(
    names
      .map((name) => [name, get(`budgets.${name}`) ?? null] as const)
      .filter(([name, value]) => value !== null && JSON.stringify(value) !== JSON.stringify(defaults[name]))
      .filter(([name, value]) => isUsable(`budgets.${name}`, { budgets: { [name]: value } })),
  );
  const prices = get('prices') ?? [];
  const currency = get('currency') ?? null;
  const isPriced = JSON.stringify(prices) !== '[]' && isUsable('prices', { prices });
  const isConverted = currency !== null && isUsable('currency', { currency });
  const money = {
    ...(Object.keys(budgets).length > 0 ? { budgets } : {}),
    ...(isPriced ? { prices } : {}),
    ...(isConverted ? { currency } : {}),
  };
  return { money: money as EditorMoney, wrong };
}

/** Carries what the editor's settings say of money to where the engine and the terminal read it, for each repository. */
export class MoneySettings implements Disposable {
  readonly #context: Omit<HostContext, 'extension'>;
  readonly #store = new DisposableStore();
  readonly #changed: Emitter<void>;
  #told = '';
  #carrying: Promise<void> = Promise.resolve();

  constructor(context: Omit<HostContext, 'extension'>) {
    this.#context = context;
    this.#changed = this.#store.add(
      new Emitter<void>((error) => context.host.log.log('error', 'a view failed', { error: errorText(error) })),
    );
    this.#store.add(context.repositories.onDidChange(() => this.#carry()));
    this.#store.add(
      context.vscode.workspace.onDidChangeConfiguration((change) => {
        if (['budgets', 'prices', 'currency'].some((name) => change.affectsConfiguration(`reactor.${name}`))) this.#carry();
      }),
    );
    this.#carry();
  }

  /** What holds has changed. */
  get onDidChange(): Event<void> {
    return this.#changed.event;
  }

  #carry(): void {
    const { repositories, host } = this.#context;
    const all = async (): Promise<void> => {
      const wrong = new Set<string>();
      for (const model of repositories.list) for (const name of await this.#carryFor(model)) wrong.add(name);
      this.#tell([...wrong]);
      this.#changed.fire();
    };
    this.#carrying = this.#carrying
      .then(all)
      .catch((error: unknown) => host.log.log('error', 'the settings about money could not be kept', { error: errorText(error) }));
  }

  async #carryFor({ place }: RepositoryModel): Promise<readonly string[]> {
    const { vscode, host } = this.#context;
    const settings = vscode.workspace.getConfiguration('reactor', vscode.Uri.file(place.folder));
    const { money, wrong } = moneyOf((name) => settings.get<unknown>(name));
    await host.holdMoney(place.folder, money);
    return wrong;
  }

  /** A limit that a person believes in and that does not hold is said, once for each change. */
  #tell(wrong: readonly string[]): void {
    const { window, commands } = this.#context.vscode;
    const text = wrong.join(', ');
    if (text === this.#told) return;
    this.#told = text;
    if (text === '') return;
    void window.showWarningMessage(`Not obeyed, because the value can't be used: ${text}`, 'Open Settings').then((pressed) => {
      if (pressed !== undefined) void commands.executeCommand('workbench.action.openSettings', wrong[0]);
    });
  }

  dispose(): void {
    this.#store.dispose();
  }
}
