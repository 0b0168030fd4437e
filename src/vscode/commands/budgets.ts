import { costText } from '../../core/model/usd.ts';
import type { RunState } from '../../core/run/state.ts';
import type { HostContext } from '../hostContext.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import type { Vscode } from '../vscodeValue.ts';
import { openSettingsFile } from './settingsFile.ts';
import type { Targets } from './target.ts';

/** US dollars as decimal text, or null for what is no amount above zero: '5', '$2.50'. */
export function dollarsOf(text: string): string | null {
  const match = /^\$?(\d{1,9}(?:\.\d{1,12})?)$/.exec(text.trim());
  return match?.[1] === undefined || Number(match[1]) === 0 ? null : match[1];
}

const validate = (text: string): string | undefined =>
  dollarsOf(text) === null ? 'An amount of US dollars above zero, such as 2.50' : undefined;

/** Whether a run is parked by a budget that is raised for it alone, rather than by that of a day, week or month. */
export const isOwnBudget = ({ parked }: RunState): boolean => parked?.code === 'budget' && parked.budget === undefined;

/** Asks for the new limit of a run; null when the person leaves. */
export async function askBudget({ window }: Vscode, state: RunState): Promise<string | null> {
  const limit = state.budgetUsd === null ? 'no limit' : `$${state.budgetUsd}`;
  const typed = await window.showInputBox({
    title: `Budget of ${state.task}`,
    prompt: `US dollars this run may cost in all. Spent so far: ${costText(state.cost)}, limit now: ${limit}.`,
    value: state.budgetUsd === null ? '' : String(Number(state.budgetUsd) * 2),
    ignoreFocusOut: true,
    validateInput: validate,
  });
  return typed === undefined ? null : dollarsOf(typed);
}

const limits = [
  { label: 'Each run', description: 'budgets.perRunUsd', name: 'perRunUsd' },
  { label: 'Each task', description: 'budgets.perTaskUsd', name: 'perTaskUsd' },
  { label: 'Each day', description: 'budgets.perDayUsd: shown in the status bar', name: 'perDayUsd' },
  { label: 'Each week', description: 'budgets.perWeekUsd: from Monday', name: 'perWeekUsd' },
  { label: 'Each month', description: 'budgets.perMonthUsd', name: 'perMonthUsd' },
] as const;
type LimitName = (typeof limits)[number]['name'];

/** Set Budget: of a run that has used its own up, or a limit for all, in reactor.yaml or in the person's settings. */
export class Budgets {
  readonly #context: HostContext;
  readonly #targets: Targets;

  constructor(context: HostContext, targets: Targets) {
    this.#context = context;
    this.#targets = targets;
  }

  async set(argument: unknown): Promise<void> {
    const { vscode } = this.#context;
    const direct = this.#targets.direct(argument);
    if (direct !== null && isOwnBudget(direct.state)) return this.#raise(direct);
    const model = direct?.model ?? (await this.#targets.repository());
    if (model === null) return;
    const stopped = [...model.runs.values()].filter(isOwnBudget);
    const rows = [
      ...stopped.map((state) => ({ label: `$(play) ${state.task}: raise its budget and resume`, description: '', name: null, state })),
      ...limits.map(({ label, description, name }) => ({ label, description, name, state: null })),
    ];
    const chosen = await vscode.window.showQuickPick(rows, { title: 'Set Budget' });
    if (chosen === undefined) return;
    if (chosen.state !== null) return this.#raise({ model, state: chosen.state });
    const held = await this.#held(model, chosen.name);
    const typed = await vscode.window.showInputBox({
      title: `Budget: ${chosen.label}`,
      prompt: `US dollars. Limit now: ${held.usd === null ? 'none' : `$${held.usd}`}.`,
      value: held.usd ?? '',
      ignoreFocusOut: true,
      validateInput: validate,
    });
    const amount = typed === undefined ? null : dollarsOf(typed);
    if (amount === null) return;
    // Where reactor.yaml names one, settings would not be looked at.
    const where = held.isWritten ? 'file' : await this.#where();
    if (where === 'file') await openSettingsFile(this.#context, model, (text) => this.#with(text, chosen.name, amount));
    if (where === 'settings')
      await vscode.workspace
        .getConfiguration('reactor')
        .update(`budgets.${chosen.name}`, Number(amount), vscode.ConfigurationTarget.Global);
  }

  /** The limit that holds now, and whether it stands in reactor.yaml. */
  async #held({ place }: RepositoryModel, name: LimitName): Promise<{ readonly usd: string | null; readonly isWritten: boolean }> {
    const { vscode, host } = this.#context;
    const usd = (await host.config(place.folder)).config.budgets[name] ?? null;
    const set = vscode.workspace.getConfiguration('reactor', vscode.Uri.file(place.folder)).get<unknown>(`budgets.${name}`) ?? null;
    return { usd, isWritten: usd !== null && (set === null || Number(set) !== Number(usd)) };
  }

  async #where(): Promise<'file' | 'settings' | null> {
    const rows = [
      { label: '$(settings-gear) In reactor.yaml', description: 'for everybody who works on this repository', where: 'file' as const },
      { label: '$(gear) In my settings', description: 'for each repository whose reactor.yaml names none', where: 'settings' as const },
    ];
    const chosen = await this.#context.vscode.window.showQuickPick(rows, { title: 'Where the limit is kept' });
    return chosen?.where ?? null;
  }

  #with(text: string, name: string, amount: string): Promise<string> {
    return this.#context.host.withSetting(text, ['budgets', name], Number(amount));
  }

  async #raise({ model, state }: { model: RepositoryModel; state: RunState }): Promise<void> {
    const budgetUsd = await askBudget(this.#context.vscode, state);
    if (budgetUsd !== null) await model.request('resume', { run: state.run, budgetUsd });
  }
}
