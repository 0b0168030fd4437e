import { totalTokens } from '../../model/tokens.ts';
import { costText, usdFromNumber } from '../../model/usd.ts';
import { plural } from '../figures.ts';
import { CostCounter } from './costSum.ts';
import { scopeOfPrompt } from './fileScope.ts';
import { type Interval, predictionInterval } from './predictionInterval.ts';
import type { RunCosts } from './runCosts.ts';

/** A task that has not run yet, as far as its cost depends on it. */
export interface PlannedTask {
  readonly title: string;
  readonly prompt: string;
  readonly category: string;
  /** Null for the model that OpenCode is configured for. */
  readonly model: string | null;
  readonly test: string;
  readonly folder: string;
}

export type Likeness = 'model' | 'category' | 'test' | 'files';
export type Confidence = 'high' | 'medium' | 'low' | 'none';

/** What a task will likely use and cost. Figures, not amounts of a ledger: they are rounded. */
export interface Estimate {
  /** Null without history. The bounds are null when there is one run only. */
  readonly tokens: EstimatedFigure | null;
  /** US dollars; null without history of that model, or when it has no price. */
  readonly usd: EstimatedFigure | null;
  /** Attempts of the middle run; null without history. */
  readonly attempts: number | null;
  /** How many past runs it rests on, and what they have in common with the task. */
  readonly runs: number;
  readonly alike: readonly Likeness[];
  /** Past runs among these whose calls have no price: they are in no amount. */
  readonly unpricedRuns: number;
  readonly confidence: Confidence;
}

export interface EstimatedFigure {
  readonly median: number;
  /** The next run lies between these in four of five cases. */
  readonly bounds: Omit<Interval, 'median'> | null;
}

interface PastRun {
  readonly run: RunCosts;
  readonly model: string;
  readonly tokens: number;
  readonly usd: number | null;
}

/** Runs looked at: the last ones tell most. */
const mostRuns = 500;
/** With fewer alike, those that are less alike are asked too. */
const enoughRuns = 5;

/** What is the same, most alike first. */
const tiers: readonly (readonly Likeness[])[] = [
  ['model', 'category', 'test', 'files'],
  ['model', 'category', 'test'],
  ['model', 'category'],
  ['model'],
  [],
];

/**
 * Estimates a task from past runs that ended by themselves: those most alike, as long as there are five of them, else the nearest there are.
 * Runs with another model tell of tokens but not of money.
 * @param history in the order in which the runs were asked for
 */
export function estimate(task: PlannedTask, history: readonly RunCosts[]): Estimate {
  const past = pastRuns(history);
  const model = task.model ?? past.findLast(({ run }) => run.model === null)?.model ?? null;
  const scope = new Set(scopeOfPrompt(task.prompt));
  const is: Record<Likeness, (past: PastRun) => boolean> = {
    model: (one) => model !== null && one.model === model,
    category: ({ run }) => run.category === task.category,
    test: ({ run }) => run.test === task.test && run.folder === task.folder,
    files: ({ run }) => run.scope.some((folder) => scope.has(folder)),
  };
  const choices = tiers.map((alike) => ({ alike, runs: past.filter((one) => alike.every((likeness) => is[likeness](one))) }));
  const ofModel = choices.filter(({ alike: same }) => same.length > 0);
  const most = Math.min(enoughRuns, Math.max(0, ...ofModel.map((choice) => choice.runs.length)));
  const chosen = ofModel.find((choice) => choice.runs.length > 0 && choice.runs.length >= most) ?? choices.at(-1);
  const { alike, runs } = chosen ?? { alike: [], runs: [] };
  if (runs.length === 0) return noHistory;
  const tokens = predictionInterval(runs.map((one) => one.tokens));
  const priced = alike.includes('model') ? runs.flatMap(({ usd }) => usd ?? []) : [];
  return {
    tokens: figure(tokens, (value) => Math.round(value)),
    usd: priced.length === 0 ? null : figure(predictionInterval(priced), (value) => Number(value.toPrecision(4))),
    attempts: Math.round(predictionInterval(runs.map(({ run }) => run.attempts.length)).median),
    runs: runs.length,
    alike,
    unpricedRuns: runs.filter(({ usd }) => usd === null).length,
    confidence: confidenceOf(tokens, runs.length, alike),
  };
}

const noHistory: Estimate = { tokens: null, usd: null, attempts: null, runs: 0, alike: [], unpricedRuns: 0, confidence: 'none' };

const figure = ({ median, bounds }: EstimatedFigure, round: (value: number) => number): EstimatedFigure => ({
  median: round(median),
  bounds: bounds === null ? null : { low: round(bounds.low), high: round(bounds.high) },
});

/** High: many runs of the same kind that agree within a factor of four. Low: few runs, or only the model is the same. */
function confidenceOf({ bounds }: EstimatedFigure, runs: number, alike: readonly Likeness[]): Confidence {
  if (runs < enoughRuns || bounds === null || !alike.includes('category')) return 'low';
  return runs >= 15 && bounds.high <= bounds.low * 4 ? 'high' : 'medium';
}

/** Runs that came to an end of their own and called a model: what was cut off says too little. */
function pastRuns(history: readonly RunCosts[]): PastRun[] {
  return history
    .filter(({ status, cells }) => cells.length > 0 && (status === 'landed' || status === 'committed' || status === 'failed'))
    .slice(-mostRuns)
    .map((run) => {
      const { sum } = run.cells.reduce((counter, cell) => counter.add(cell), new CostCounter());
      return { run, model: mainModel(run), tokens: totalTokens(sum.tokens), usd: sum.unpricedCalls > 0 ? null : Number(sum.usd) };
    });
}

/** The model of most of a run's calls. */
function mainModel({ cells }: RunCosts): string {
  const calls = new Map<string, number>();
  for (const cell of cells) calls.set(cell.model, (calls.get(cell.model) ?? 0) + cell.calls);
  return [...calls].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
}

/** Several tasks together: the middles added up, and bounds as of independent sums. Null when one of them is not known. */
export function together(figures: readonly (EstimatedFigure | null)[]): EstimatedFigure | null {
  const known = figures.flatMap((one) => one ?? []);
  if (known.length < figures.length || known.length === 0) return null;
  const median = known.reduce((sum, one) => sum + one.median, 0);
  const reach = (part: (one: EstimatedFigure) => number): number => Math.sqrt(known.reduce((sum, one) => sum + part(one) ** 2, 0));
  if (known.some(({ bounds }) => bounds === null)) return { median, bounds: null };
  const low = median - reach((one) => one.median - (one.bounds?.low ?? 0));
  const high = median + reach((one) => (one.bounds?.high ?? 0) - one.median);
  return { median, bounds: { low: Math.max(0, low), high } };
}

export const dollarsText = (amount: number): string => costText({ usd: usdFromNumber(amount), unpricedCalls: 0 });

/** '≈ $0.30 (12 similar runs)', '≈ $0.30 (1 run)', 'unpriced (3 similar runs)', 'no history'. */
export function estimateText({ usd, runs, alike, unpricedRuns }: Estimate): string {
  if (runs === 0) return 'no history';
  const basis = `(${plural(runs, alike.includes('category') ? 'similar run' : 'earlier run')})`;
  if (usd !== null) return `≈ ${dollarsText(usd.median)} ${basis}`;
  return unpricedRuns > 0 && alike.includes('model') ? `unpriced ${basis}` : `no history of this model ${basis}`;
}
