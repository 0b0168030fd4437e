import { linesText, plural, shortOid } from '../../core/projections/figures.ts';
import type { AttemptState, RunState } from '../../core/run/state.ts';
import { NOTHING_TO_KEEP, type Orphan } from '../../protocol/messages.ts';
import type { HostContext } from '../hostContext.ts';
import { plainLine, withoutIcons } from '../text/plainText.ts';
import { joined, testText } from '../text/runWords.ts';
import { askBudget, Budgets, isOwnBudget } from './budgets.ts';
import type { Target, Targets } from './target.ts';

/** Loses nothing, or is past a limit that somebody has set. */
const mayGo = ({ keptIn, limit }: Orphan): boolean => keptIn !== null || (limit ?? null) !== null;

function keptText({ keptIn, limit }: Orphan): string {
  if (limit) return `past its limit: ${plainLine(limit)}`;
  if (keptIn === null) return 'stays: its content is kept nowhere else';
  return keptIn === NOTHING_TO_KEEP ? keptIn : `kept in ${plainLine(keptIn)}`;
}

const isOpen = (state: RunState): boolean => state.phase !== 'ended' && state.concluded === null;

const namesOf = (targets: readonly Target[]): string => plainLine(targets.map(({ state }) => state.task).join(', '), 500);

/** Asks for each, also when one is refused. @throws the first refusal, when all have been asked for */
async function each(targets: readonly Target[], ask: (target: Target) => Promise<unknown>): Promise<void> {
  const outcomes = await Promise.allSettled(targets.map(ask));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** Stop, resume, restore, clean up. */
export class Keeping {
  readonly #context: HostContext;
  readonly #targets: Targets;
  readonly budgets: Budgets;

  constructor(context: HostContext, targets: Targets) {
    this.#context = context;
    this.#targets = targets;
    this.budgets = new Budgets(context, targets);
  }

  /** @param selected all rows that are selected, when the command was called on one of several */
  async stop(argument: unknown, selected?: unknown): Promise<void> {
    const several = this.#targets.all(argument, selected);
    if (several.length > 1) return this.#stopAll(several.filter(({ state }) => isOpen(state)));
    const target = await this.#targets.pick(argument, { fits: isOpen, title: 'Stop', none: 'Nothing runs.', always: true });
    if (target === null) return;
    const { model, state } = target;
    const detail = 'Its agent ends now. What it has done so far is kept and can be restored.';
    const pressed = await this.#context.vscode.window.showWarningMessage(`Stop ${state.task}?`, { modal: true, detail }, 'Stop');
    if (pressed === 'Stop') await model.request('cancel', { run: state.run });
  }

  async #stopAll(targets: readonly Target[]): Promise<void> {
    const { window } = this.#context.vscode;
    if (targets.length === 0) return void (await window.showInformationMessage('None of these runs.'));
    const detail = `${namesOf(targets)}. Their agents end now. What they have done so far is kept and can be restored.`;
    const pressed = await window.showWarningMessage(`Stop ${plural(targets.length, 'task')}?`, { modal: true, detail }, 'Stop');
    if (pressed === 'Stop') await each(targets, ({ model, state }) => model.request('cancel', { run: state.run }));
  }

  /** @param selected all rows that are selected, when the command was called on one of several */
  async resume(argument: unknown, selected?: unknown): Promise<void> {
    const several = this.#targets.all(argument, selected);
    if (several.length > 1) return this.#resumeAll(several.filter(({ state }) => state.parked !== null));
    const fits = (state: RunState) => state.parked !== null;
    const target = await this.#targets.pick(argument, { fits, title: 'Resume', none: 'Nothing is parked.' });
    if (target === null) return;
    const { model, state } = target;
    if (isOwnBudget(state)) {
      const budgetUsd = await askBudget(this.#context.vscode, state);
      if (budgetUsd !== null) await model.request('resume', { run: state.run, budgetUsd });
      return;
    }
    // A run parked with an open review or question goes on by its answer.
    const [asked] = state.pending;
    if (asked === undefined) return void (await model.request('resume', { run: state.run }));
    const reference = { repository: model.place.id, run: state.run, id: asked.id, tree: asked.tree };
    await this.#context.vscode.commands.executeCommand('reactor.answer', reference);
  }

  /** Those that only wait for a word to go on; what each of the others asks has to be answered by itself. */
  async #resumeAll(targets: readonly Target[]): Promise<void> {
    const { window } = this.#context.vscode;
    const asks = ({ state }: Target): boolean => isOwnBudget(state) || state.pending.length > 0;
    const others = targets.filter(asks);
    const text =
      targets.length === 0 ? 'None of these is parked.' : `Not resumed, since each asks something of its own: ${namesOf(others)}.`;
    if (targets.length === 0 || others.length > 0) void window.showInformationMessage(text);
    await each(
      targets.filter((target) => !asks(target)),
      ({ model, state }) => model.request('resume', { run: state.run }),
    );
  }

  async restore(argument: unknown): Promise<void> {
    const { vscode } = this.#context;
    const fits = (state: RunState) => state.attempts.some(({ candidate }) => candidate !== null);
    const target = await this.#targets.pick(argument, { fits, title: 'Restore Reverted Attempt', none: 'No attempt has been kept yet.' });
    if (target === null) return;
    const { model, state } = target;
    const rows = [...state.attempts].reverse().flatMap(restorable);
    const chosen =
      rows.length > 1 ? await vscode.window.showQuickPick(rows, { title: `Restore an attempt of ${state.task} as a branch` }) : rows[0];
    if (chosen === undefined) return;
    const { branch, attempt } = await model.request('restore', { run: state.run, attempt: chosen.attempt, tree: chosen.tree });
    const pressed = await vscode.window.showInformationMessage(`Attempt ${attempt} of ${state.task} is branch ${branch} now.`, 'Copy Name');
    if (pressed === 'Copy Name') await vscode.env.clipboard.writeText(branch);
  }

  /** Lists what belongs to no run, and removes what loses nothing or is past its limit once the person has seen it. */
  async cleanUp(): Promise<void> {
    const { vscode } = this.#context;
    const model = await this.#targets.repository();
    if (model === null) return;
    const { orphans } = await model.request('clean', { dryRun: true, pastLimits: true });
    const removable = orphans.filter(mayGo);
    if (orphans.length === 0) {
      await vscode.window.showInformationMessage('Nothing to clean up: everything belongs to a run.');
      return;
    }
    const rows = orphans.map((orphan) => ({
      label: `$(${mayGo(orphan) ? 'trash' : 'lock'}) ${orphan.kind} ${withoutIcons(plainLine(orphan.name))}`,
      description: withoutIcons(keptText(orphan)),
      detail: withoutIcons(plainLine(orphan.why)),
      go: false,
    }));
    const go = {
      label: `$(check) Remove ${plural(removable.length, 'orphan')}`,
      description: 'what is listed with a bin',
      detail: '',
      go: true,
    };
    const shown = removable.length === 0 ? rows : [go, ...rows];
    const chosen = await vscode.window.showQuickPick(shown, {
      title: `Clean Up: ${plural(orphans.length, 'orphan')} in ${model.place.name}`,
    });
    if (chosen?.go !== true) return;
    // What has come since it was listed has not been seen.
    const seen = removable.map(({ kind, name }) => ({ kind, name }));
    const done = await model.request('clean', { dryRun: false, pastLimits: true, shown: seen });
    const removed = done.orphans.filter((orphan) => orphan.removed).length;
    const left = orphans.length - removed;
    await vscode.window.showInformationMessage(`${plural(removed, 'orphan')} removed${left > 0 ? `, ${left} left as they are` : ''}.`);
  }
}

/** Rows for what an attempt came to, and before it for what it was until parts of it were rejected or edited. */
function restorable(attempt: AttemptState): { label: string; description: string; detail: string; attempt: number; tree: string }[] {
  const { candidate, former, closed } = attempt;
  if (candidate === null) return [];
  const sizeOf = ({ filesTotal, added, removed, tree }: AttemptState['former'][number]): string =>
    `${plural(filesTotal, 'file')} ${linesText(added, removed)}, tree ${shortOid(tree)}`;
  const common = { attempt: attempt.attempt };
  const last = {
    ...common,
    label: `Attempt ${attempt.attempt}`,
    description: joined(attempt.test === null ? '' : testText(attempt), closed?.how ?? ''),
    detail: `${sizeOf(candidate)}${closed === null ? '' : `: ${withoutIcons(plainLine(closed.reason))}`}`,
    tree: candidate.tree,
  };
  const before = [...former].reverse().map((kept) => ({
    ...common,
    label: `Attempt ${attempt.attempt}, before a part of it was rejected or edited`,
    description: '',
    detail: sizeOf(kept),
    tree: kept.tree,
  }));
  return [last, ...before];
}
