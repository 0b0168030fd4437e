import type { ApproveMode, LandMode } from '../../core/model/runSpec.ts';
import { modelPattern, modelRule } from '../../core/model/settingTypes.ts';
import type { HostContext } from '../hostContext.ts';
import { plainLine } from '../text/plainText.ts';
import { dollarsOf } from './budgets.ts';
import { planEstimateText } from './estimates.ts';
import { choiceRows, type RunChoices, type RunPlan } from './runChoices.ts';
import type { WorkPlace } from './target.ts';

const KEY = 'reactor.choices';

type Stored = Record<string, RunChoices>;

/** The second step of a run: one list, on whose first row Enter is enough. @returns what to ask for, or null when the person left */
export async function planRun(
  context: HostContext,
  { model, folder }: WorkPlace,
  title: string,
  prompts: readonly string[],
): Promise<RunChoices | null> {
  const { vscode, host, extension } = context;
  const { id } = model.place;
  const [{ config }, detected, facts, { runs }] = await Promise.all([
    host.config(folder),
    host.detectTest(folder),
    host.facts(folder),
    model.costs(),
  ]);
  const stored = extension.workspaceState.get<Stored>(KEY, {});
  let choices: RunChoices = stored[id] ?? {};
  for (;;) {
    const plan: RunPlan = {
      test: choices.test ?? config.test ?? detected?.command ?? null,
      target: choices.target ?? config.target ?? facts.branch,
      model: choices.model ?? config.model ?? null,
      approve: choices.approve ?? config.approve,
      land: choices.land ?? config.land,
      attempts: choices.attempts ?? config.attempts,
      budgetUsd: choices.budgetUsd ?? config.budgets.perRunUsd ?? null,
    };
    const estimate = planEstimateText(prompts, { ...plan, folder: facts.prefix }, runs);
    const rows = choiceRows(plan, estimate, Object.keys(choices).length > 0);
    const chosen = await vscode.window.showQuickPick(rows, {
      title,
      placeHolder: 'Enter runs it; the other rows change one thing each',
      ignoreFocusOut: true,
    });
    if (chosen === undefined) return null;
    if (chosen.what === 'run') {
      await extension.workspaceState.update(KEY, { ...stored, [id]: choices });
      return choices;
    }
    choices = chosen.what === 'reset' ? {} : { ...choices, ...(await change(context, chosen.what, plan)) };
  }
}

/** One changed thing; nothing when the person left the question. */
async function change({ vscode }: HostContext, what: keyof RunPlan, plan: RunPlan): Promise<RunChoices> {
  const { window } = vscode;
  const type = async (title: string, value: string, check: (text: string) => string | undefined): Promise<string | undefined> =>
    (await window.showInputBox({ title, value, ignoreFocusOut: true, validateInput: check }))?.trim();
  const some = (text: string) => (text.trim() === '' ? 'It must not be empty.' : undefined);
  switch (what) {
    case 'test': {
      const test = await type('Shell command that decides whether a change is good', plan.test ?? '', some);
      return test === undefined ? {} : { test };
    }
    case 'target': {
      const target = await type('Branch to land on', plan.target ?? '', (text) =>
        /^[^\s-][^\s]*$/.test(text) ? undefined : 'The name of a branch',
      );
      return target === undefined ? {} : { target };
    }
    case 'model': {
      const model = await type('Model, as provider/model', plan.model ?? '', (text) =>
        modelPattern.test(text) ? undefined : `It ${modelRule}.`,
      );
      return model === undefined ? {} : { model };
    }
    case 'attempts': {
      const attempts = await type('How often the agent may try', String(plan.attempts), (text) =>
        /^([1-9]\d?|100)$/.test(text.trim()) ? undefined : 'A whole number from 1 to 100',
      );
      return attempts === undefined ? {} : { attempts: Number(attempts) };
    }
    case 'budgetUsd': {
      const amount = await type('US dollars this run may cost', plan.budgetUsd ?? '', (text) =>
        dollarsOf(text) === null ? 'An amount such as 2.50' : undefined,
      );
      const budgetUsd = amount === undefined ? null : dollarsOf(amount);
      return budgetUsd === null ? {} : { budgetUsd };
    }
    case 'approve': {
      const rows: { label: string; description: string; value: ApproveMode }[] = [
        { label: 'Ask', description: 'I review each green change', value: 'ask' },
        { label: 'Automatic', description: 'green is enough', value: 'auto' },
        { label: 'Never', description: 'green work is parked until I resume it', value: 'never' },
      ];
      const chosen = await window.showQuickPick(rows, { title: 'Who decides on a green change' });
      return chosen === undefined ? {} : { approve: chosen.value };
    }
    case 'land': {
      const on = plainLine(plan.target ?? 'the target', 60);
      const rows: { label: string; description: string; value: LandMode }[] = [
        { label: 'Fast-forward', description: `${on}; merged and tested again when it has moved`, value: 'ff' },
        { label: 'Merge commit', description: `on ${on}`, value: 'merge' },
        { label: 'Stay on its branch', description: 'nothing lands', value: 'branch' },
      ];
      const chosen = await window.showQuickPick(rows, { title: 'Where an approved change goes' });
      return chosen === undefined ? {} : { land: chosen.value };
    }
  }
}
