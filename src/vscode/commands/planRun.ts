import { type ApproveMode, type LandMode, Priority } from '../../core/model/runSpec.ts';
import { modelPattern, modelRule } from '../../core/model/settingTypes.ts';
import type { RunState } from '../../core/run/state.ts';
import type { ListedTask } from '../../core/run/taskRequest.ts';
import type { HostContext } from '../hostContext.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import { plainLine, withoutIcons } from '../text/plainText.ts';
import { joined, markOf } from '../text/runWords.ts';
import { dollarsOf } from './budgets.ts';
import { planEstimateText } from './estimates.ts';
import { choiceRows, type RunChoices, type RunPlan, type RunTurn } from './runChoices.ts';
import type { WorkPlace } from './target.ts';

const KEY = 'reactor.choices';

type Stored = Record<string, RunChoices>;

export interface PlannedRuns {
  readonly settings: Omit<ListedTask, 'prompt'>;
  /** Not to be started yet, but written as a list, where each can be given its turn. */
  readonly inList: boolean;
}

/** The second step of a run: one list, on whose first row Enter is enough. @returns what to ask for, or null when the person left */
export async function planRun(
  context: HostContext,
  { model, folder }: WorkPlace,
  title: string,
  prompts: readonly string[],
): Promise<PlannedRuns | null> {
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
  let turn: RunTurn = {};
  const hasOthers = openTasks(model).length > 0;
  for (;;) {
    const plan: RunPlan = {
      test: choices.test ?? config.test ?? detected?.command ?? null,
      target: choices.target ?? config.target ?? facts.branch,
      model: choices.model ?? config.model ?? null,
      approve: choices.approve ?? config.approve,
      land: choices.land ?? config.land,
      attempts: choices.attempts ?? config.attempts,
      budgetUsd: choices.budgetUsd ?? config.budgets.perRunUsd ?? null,
      after: turn.after ?? [],
      priority: turn.priority ?? 0,
    };
    const estimate = planEstimateText(prompts, { ...plan, folder: facts.prefix }, runs);
    const isChanged = Object.keys(choices).length + Object.keys(turn).length > 0;
    const rows = choiceRows(plan, { estimate, isChanged, hasOthers, isList: prompts.length > 1 });
    const chosen = await vscode.window.showQuickPick(rows, {
      title,
      placeHolder: 'Enter runs it; the other rows change one thing each',
      ignoreFocusOut: true,
    });
    if (chosen === undefined) return null;
    const { what } = chosen;
    if (what === 'run' || what === 'list') {
      await extension.workspaceState.update(KEY, { ...stored, [id]: choices });
      const { after, ...rest } = turn;
      return { settings: { ...choices, ...rest, ...(after === undefined ? {} : { after: [...after] }) }, inList: what === 'list' };
    }
    if (what === 'after' || what === 'priority') turn = { ...turn, ...(await changeTurn(context, model, what, plan)) };
    else choices = what === 'reset' ? {} : { ...choices, ...(await change(context, what, plan)) };
    if (what === 'reset') turn = {};
  }
}

/** Of each task the last run, when it is not over: what another task can come after. */
const openTasks = (model: RepositoryModel): RunState[] => model.tasks().filter(({ concluded }) => concluded === null);

/** When it starts; nothing when the person left the question. */
async function changeTurn({ vscode }: HostContext, model: RepositoryModel, what: keyof RunTurn, plan: RunPlan): Promise<RunTurn> {
  const { window } = vscode;
  if (what === 'priority') {
    const text = await window.showInputBox({
      title: 'Priority',
      prompt: 'The highest goes first among tasks that wait for a place: from -100 to 100, usually 0.',
      value: String(plan.priority),
      ignoreFocusOut: true,
      validateInput: (typed) => (priorityOf(typed) === null ? 'A whole number from -100 to 100' : undefined),
    });
    const priority = text === undefined ? null : priorityOf(text);
    return priority === null ? {} : { priority };
  }
  const rows = openTasks(model).map((state) => ({
    label: state.task,
    description: joined(withoutIcons(plainLine(state.spec.title, 60)), markOf(state).word),
    picked: plan.after.includes(state.task),
  }));
  const title = 'Start after these tasks have landed, from what they made';
  const placeHolder = 'None: as soon as there is a place';
  const chosen = await window.showQuickPick(rows, { title, placeHolder, canPickMany: true, ignoreFocusOut: true });
  return chosen === undefined ? {} : { after: chosen.map(({ label }) => label) };
}

function priorityOf(text: string): number | null {
  const parsed = /^\s*[-+]?\d+\s*$/.test(text) ? Priority.safeParse(Number(text)) : null;
  return parsed?.success === true ? parsed.data : null;
}

/** One changed thing; nothing when the person left the question. */
async function change({ vscode }: HostContext, what: keyof RunChoices, plan: RunPlan): Promise<RunChoices> {
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
