import type { RunRequest } from '../../core/model/runRequest.ts';
import type { ApproveMode, LandMode } from '../../core/model/runSpec.ts';
import { plural } from '../../core/projections/figures.ts';
import { plainLine, withoutIcons } from '../text/plainText.ts';

/** What a person chose to have otherwise than reactor.yaml and the defaults say; remembered for the next run. */
export type RunChoices = Pick<RunRequest, 'test' | 'target' | 'model' | 'approve' | 'land' | 'attempts' | 'budgetUsd'>;

/** When the runs of one submission start; not remembered. */
export interface RunTurn {
  /** Tasks that must have landed before. */
  readonly after?: readonly string[];
  readonly priority?: number;
}

/** How a run would go with what is chosen now. */
export interface RunPlan {
  readonly test: string | null;
  readonly target: string | null;
  readonly model: string | null;
  readonly approve: ApproveMode;
  readonly land: LandMode;
  readonly attempts: number;
  readonly budgetUsd: string | null;
  readonly after: readonly string[];
  readonly priority: number;
}

export interface ChoiceRow {
  readonly label: string;
  readonly description: string;
  readonly what: 'run' | keyof RunPlan | 'list' | 'reset';
}

const approvals: Record<ApproveMode, string> = {
  ask: 'after my approval',
  auto: 'when green, without asking',
  never: 'never by itself: green work waits',
};

/** 'land on main after my approval', 'stay on its branch when green, without asking'. */
export function landingText({ approve, land, target }: RunPlan): string {
  const where = land === 'branch' ? 'stay on its branch' : `land on ${target ?? 'the branch checked out'}`;
  return approve === 'never' ? `${where} when I resume it` : `${where} ${approvals[approve]}`;
}

export interface RowOptions {
  readonly estimate: string;
  /** Something differs from reactor.yaml and the defaults. */
  readonly isChanged: boolean;
  /** There are tasks that this one could come after. */
  readonly hasOthers: boolean;
  /** There is more than one prompt, so that they can have an order among themselves. */
  readonly isList: boolean;
}

/** The list of the second step: its first row starts the run as planned, each other changes one thing. */
export function choiceRows(plan: RunPlan, { estimate, isChanged, hasOthers, isList }: RowOptions): ChoiceRow[] {
  const { test, target, model, approve, land, attempts, budgetUsd, after, priority } = plan;
  const text = (value: string) => withoutIcons(plainLine(value, 60));
  const summary = [
    text(test ?? ''),
    text(landingText(plan)),
    plural(attempts, 'attempt'),
    ...(budgetUsd === null ? [] : [`at most $${budgetUsd}`]),
    ...(after.length === 0 ? [] : [startText(after)]),
    ...(priority === 0 ? [] : [`priority ${priority}`]),
    estimate,
  ];
  const first: ChoiceRow =
    test === null
      ? { label: '$(beaker) Choose a test command…', description: 'none was found: it decides whether a change is good', what: 'test' }
      : { label: `$(play) Run with: ${summary.filter((part) => part !== '').join(' · ')}`, description: '', what: 'run' };
  const rows: ChoiceRow[] = [
    { label: '$(beaker) Test', description: text(test ?? 'none'), what: 'test' },
    { label: '$(check) Approval', description: approvals[approve], what: 'approve' },
    {
      label: '$(git-merge) Landing',
      description: { ff: 'fast-forward', merge: 'merge commit', branch: 'stay on its own branch' }[land],
      what: 'land',
    },
    { label: '$(target) Target', description: text(target ?? 'the branch checked out'), what: 'target' },
    { label: '$(sparkle) Model', description: text(model ?? 'the one of your OpenCode configuration'), what: 'model' },
    { label: '$(history) Attempts', description: String(attempts), what: 'attempts' },
    { label: '$(flame) Budget', description: budgetUsd === null ? 'no limit' : `$${budgetUsd}`, what: 'budgetUsd' },
    ...(hasOthers || after.length > 0 ? [{ label: '$(watch) Start', description: startText(after), what: 'after' } as const] : []),
    { label: '$(arrow-up) Priority', description: priority === 0 ? 'usual' : String(priority), what: 'priority' },
    ...(isList
      ? [{ label: '$(list-ordered) Order…', description: 'as a list: which comes after which, what goes first', what: 'list' } as const]
      : []),
  ];
  const reset: ChoiceRow = { label: '$(discard) Back to the settings of reactor.yaml', description: '', what: 'reset' };
  return [first, ...(test === null ? rows.slice(1) : rows), ...(isChanged ? [reset] : [])];
}

/** 'as soon as there is a place', 'after TASK-003 and TASK-004'. */
const startText = (after: readonly string[]): string =>
  after.length === 0 ? 'as soon as there is a place' : `after ${after.join(' and ')}`;
