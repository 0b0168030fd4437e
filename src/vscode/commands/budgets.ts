import { costText } from '../../core/model/usd.ts';
import type { RunState } from '../../core/run/state.ts';
import type { HostContext } from '../hostContext.ts';
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
    validateInput: validate,
  });
  return typed === undefined ? null : dollarsOf(typed);
}

const limits = [
  { label: 'Each run', description: 'budgets.perRunUsd', name: 'perRunUsd' },
  { label: 'Each task', description: 'budgets.perTaskUsd', name: 'perTaskUsd' },
  { label: 'Each day', description: 'budgets.perDayUsd: shown in the status bar', name: 'perDayUsd' },
  { label: 'Each week', description: 'budgets.perWeekUsd', name: 'perWeekUsd' },
  { label: 'Each month', description: 'budgets.perMonthUsd', name: 'perMonthUsd' },
] as const;

/** Set Budget: of a run that has used its own up, or of all runs in reactor.yaml. */
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
    const typed = await vscode.window.showInputBox({ title: `Budget: ${chosen.label}`, prompt: 'US dollars', validateInput: validate });
    const amount = typed === undefined ? null : dollarsOf(typed);
    if (amount !== null && chosen.name !== null)
      await openSettingsFile(this.#context, model, (text) => this.#with(text, chosen.name, amount));
  }

  #with(text: string, name: string, amount: string): Promise<string> {
    return this.#context.host.withSetting(text, ['budgets', name], Number(amount));
  }

  async #raise({ model, state }: { model: Parameters<typeof openSettingsFile>[1]; state: RunState }): Promise<void> {
    const budgetUsd = await askBudget(this.#context.vscode, state);
    if (budgetUsd !== null) await model.request('resume', { run: state.run, budgetUsd });
  }
}
