import { dirname } from 'node:path';
import { categoryOf } from '../../core/model/category.ts';
import type { RunRequest } from '../../core/model/runRequest.ts';
import {
  dollarsText,
  type Estimate,
  type EstimatedFigure,
  estimate,
  estimateText,
  together,
} from '../../core/projections/costs/estimate.ts';
import type { RunCosts } from '../../core/projections/costs/runCosts.ts';
import { countText, plural } from '../../core/projections/figures.ts';
import { titleOf } from '../../core/run/resolveSpec.ts';
import { taskRequest } from '../../core/run/taskRequest.ts';
import type { HostContext } from '../hostContext.ts';
import { isTaskOf, type PlannedTasks } from '../plannedTasks.ts';
import { plainLine, withoutIcons } from '../text/plainText.ts';
import { askPrompt, selectionOf } from './promptInput.ts';
import type { WorkPlace } from './target.ts';

/** What a run would be settled to, as far as its cost depends on it. */
export interface EstimatePlan {
  readonly model: string | null;
  readonly test: string | null;
  /** Folder below the repository's top. */
  readonly folder: string;
}

const estimateOf = (
  request: Pick<RunRequest, 'prompt' | 'title' | 'category'>,
  plan: EstimatePlan,
  history: readonly RunCosts[],
): Estimate => {
  const title = request.title ?? titleOf(request.prompt);
  const category = categoryOf({ title, category: request.category });
  return estimate({ title, prompt: request.prompt, category, model: plan.model, test: plan.test ?? '', folder: plan.folder }, history);
};

/** '≈ $0.30 (12 similar runs)', '≈ $0.90 for 3 tasks'; '' without history. */
export function planEstimateText(prompts: readonly string[], plan: EstimatePlan, history: readonly RunCosts[]): string {
  const estimates = prompts.map((prompt) => estimateOf({ prompt }, plan, history));
  const [first] = estimates;
  if (first === undefined || estimates.some(({ runs }) => runs === 0)) return '';
  if (estimates.length === 1) return estimateText(first);
  const sum = together(estimates.map(({ usd }) => usd));
  return sum === null ? '' : `≈ ${dollarsText(sum.median)} for ${plural(estimates.length, 'task')}`;
}

/** Estimate Reactor Task: a dry run. Nothing is started before the person says so in its last row. */
export async function estimateTask(context: HostContext, { model, folder }: WorkPlace, planned: PlannedTasks): Promise<void> {
  const { vscode, host } = context;
  const asked = await askPrompt(context, 'Estimate Reactor Task', selectionOf(vscode), planned.of(model));
  if (asked === null) return;
  const request = 'prompt' in asked ? { prompt: asked.prompt, folder } : await writtenRequest(context, asked.planned);
  if (request === null) return;
  const [{ config }, detected, facts, { runs }] = await Promise.all([
    host.config(request.folder),
    host.detectTest(request.folder),
    host.facts(request.folder),
    model.costs(),
  ]);
  const plan = {
    model: request.model ?? config.model ?? null,
    test: request.test ?? config.test ?? detected?.command ?? null,
    folder: facts.prefix,
  };
  const found = estimateOf(request, plan, runs);
  const title = request.title ?? titleOf(request.prompt);
  const go = { label: '$(play) Run it…', description: 'choose how it runs', detail: '', isGo: true };
  const chosen = await vscode.window.showQuickPick([...estimateRows(found).map((row) => ({ ...row, isGo: false })), go], {
    title: `Estimate: ${withoutIcons(plainLine(title, 60))}`,
    placeHolder: 'Nothing was started, and nothing is spent',
    ignoreFocusOut: true,
  });
  if (chosen?.isGo !== true) return;
  if ('planned' in asked) await vscode.commands.executeCommand('reactor.runPlanned', asked.planned.uri, asked.planned.place.index);
  else await vscode.commands.executeCommand('reactor.runTask', asked.prompt);
}

async function writtenRequest({ host }: HostContext, { uri, place }: ReturnType<PlannedTasks['of']>[number]): Promise<RunRequest | null> {
  const folder = dirname(uri.fsPath);
  const entry = (await host.config(folder)).config.tasks[place.index];
  return entry === undefined || !isTaskOf(place, entry) ? null : taskRequest(entry, folder);
}

const figureText = ({ median, bounds }: EstimatedFigure, text: (value: number) => string): readonly [string, string] => [
  `≈ ${text(median)}`,
  bounds === null ? 'one run only' : `80 %: ${text(bounds.low)} to ${text(bounds.high)}`,
];

/** The rows that say what a task will likely use and cost, and what that rests on. */
function estimateRows(found: Estimate): { label: string; description: string; detail: string }[] {
  const { tokens, usd, attempts, runs, alike, unpricedRuns, confidence } = found;
  if (tokens === null) return [{ label: '$(question) No history', description: 'no run of this repository has ended yet', detail: '' }];
  const row = (icon: string, [label, description]: readonly [string, string]) => ({
    label: `$(${icon}) ${label}`,
    description,
    detail: '',
  });
  const cost: readonly [string, string] =
    usd !== null
      ? figureText(usd, dollarsText)
      : alike.includes('model')
        ? ['unpriced', 'no price is known for this model']
        : ['cost not known', 'no history with this model'];
  const same = alike.length === 0 ? 'with other models' : `with the same ${alike.join(', ')}`;
  return [
    row('flame', cost),
    row('symbol-number', [`${figureText(tokens, (value) => `${countText(value)} tokens`)[0]}`, figureText(tokens, countText)[1]]),
    row('history', [plural(attempts ?? 0, 'attempt'), 'in the middle run']),
    row('graph', [
      `${confidence} confidence`,
      `from ${plural(runs, 'past run')} ${same}${usd !== null && unpricedRuns > 0 ? `, ${unpricedRuns} of them without a price` : ''}`,
    ]),
  ];
}
