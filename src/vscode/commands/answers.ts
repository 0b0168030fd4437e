import { UserFacingError } from '../../base/userFacingError.ts';
import { linesText, plural, shortOid } from '../../core/projections/figures.ts';
import type { PendingApproval, RunState } from '../../core/run/state.ts';
import type { HostContext } from '../hostContext.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import { plainLine } from '../text/plainText.ts';
import { lastCandidate, pendingReview } from '../text/runWords.ts';
import { isOwnBudget } from './budgets.ts';
import type { Target, Targets } from './target.ts';

const waits = (state: RunState): boolean => state.phase !== 'ended' && (state.pending.length > 0 || state.parked !== null);
const NOTHING = 'Nothing waits for you.';

/** A person's word on what waits for them. Every answer names what it is for; the engine refuses one that is no longer asked. */
export class Answers {
  readonly #context: HostContext;
  readonly #targets: Targets;
  /** Comments of the review that are still to be sent, as one text; null when there are none. `sent` marks them so. */
  readonly #openComments: (
    model: RepositoryModel,
    run: string,
  ) => { readonly text: string; readonly count: number; sent(): Promise<void> } | null;

  constructor(
    context: HostContext,
    targets: Targets,
    openComments: (model: RepositoryModel, run: string) => { readonly text: string; readonly count: number; sent(): Promise<void> } | null,
  ) {
    this.#context = context;
    this.#targets = targets;
    this.#openComments = openComments;
  }

  /** Takes the candidate that was shown. Without a row or review it was pressed on, the list of what waits is shown first. */
  async approve(argument: unknown): Promise<void> {
    const fits = (state: RunState) => pendingReview(state) !== null;
    const target = await this.#targets.pick(argument, { fits, title: 'Approve', none: 'No change waits for your review.', always: true });
    if (target === null) return;
    const { model, state, shown } = target;
    const review = pendingReview(state);
    if (review === null) throw nothingWaits(state);
    const tree = shown?.tree ?? review.tree;
    await model.request('answer', { run: state.run, id: shown?.id ?? review.id, decision: 'approved', tree, comment: null });
    const candidate = lastCandidate(state)?.candidate;
    const change =
      candidate === undefined ? '' : `, ${plural(candidate.filesTotal, 'file')} ${linesText(candidate.added, candidate.removed)}`;
    this.#context.vscode.window.setStatusBarMessage(`${state.task}: approved tree ${shortOid(tree ?? '')}${change}`, 5000);
  }

  /** Gives the candidate up and ends the run; the work stays restorable. */
  async reject(argument: unknown): Promise<void> {
    const target = await this.#targets.pick(argument, { fits: waits, title: 'Reject', none: NOTHING, always: true });
    if (target === null) return;
    const { model, state } = target;
    const { vscode } = this.#context;
    const pending = this.#pending(target);
    if (pending !== null && pending.kind !== 'review') return this.#deny(target, pending);
    if (pending === null && state.parked === null) throw nothingWaits(state);
    const detail = 'The task ends without landing. What was done is kept: Restore Reverted Attempt brings it back as a branch.';
    const pressed = await vscode.window.showWarningMessage(
      `Reject the change of ${state.task}?`,
      { modal: true, detail },
      'Reject',
      'Request Changes',
    );
    if (pressed === 'Request Changes') return this.requestChanges({ repository: model.place.id, run: state.run });
    if (pressed !== 'Reject') return;
    await model.request('answer', { run: state.run, id: pending?.id ?? null, decision: 'rejected', tree: null, comment: null });
  }

  /** Sends the open comments, and a remark if the person has one, back to the agent as one prompt. */
  async requestChanges(argument: unknown): Promise<void> {
    const fits = (state: RunState) => pendingReview(state) !== null;
    const target = await this.#targets.pick(argument, { fits, title: 'Request Changes', none: 'No change waits for your review.' });
    if (target === null) return;
    const { model, state, shown } = target;
    const review = pendingReview(state);
    if (review === null) throw nothingWaits(state);
    if (shown?.tree != null && shown.tree !== review.tree) throw newerCandidate(state, shown.tree, review.tree);
    const open = this.#openComments(model, state.run);
    const prompt =
      open === null
        ? 'What has to change? It goes to the agent as the next prompt.'
        : `${plural(open.count, 'comment')} will be sent. Anything to add? (may be empty)`;
    const remark = await this.#context.vscode.window.showInputBox({
      title: `Request Changes: ${state.task}`,
      prompt,
      ignoreFocusOut: true,
      validateInput: (text) => (open === null && text.trim() === '' ? 'Say what has to change.' : undefined),
    });
    if (remark === undefined) return;
    const comment = [remark.trim(), open?.text ?? ''].filter((part) => part !== '').join('\n\n');
    await model.request('answer', { run: state.run, id: review.id, decision: 'rejected', tree: review.tree, comment });
    await open?.sent();
    const count = open === null ? '' : ` with ${plural(open.count, 'comment')}`;
    this.#context.vscode.window.setStatusBarMessage(`${state.task}: changes requested${count}`, 5000);
  }

  /** What a click on a row that waits does: shows what is asked and what can be said to it. */
  async answer(argument: unknown): Promise<void> {
    const target = await this.#targets.pick(argument, { fits: waits, title: 'Needs you', none: NOTHING });
    if (target === null) return;
    const pending = this.#pending(target);
    const { vscode } = this.#context;
    const { state, model } = target;
    const reference = { repository: model.place.id, run: state.run, id: pending?.id ?? null, tree: pending?.tree ?? null };
    if (pending?.kind === 'review') return void (await vscode.commands.executeCommand('reactor.reviewChanges', reference));
    if (pending?.kind === 'question') return this.#answerQuestion(target, pending);
    if (pending?.kind === 'permission') return this.#answerPermission(target, pending);
    if (state.parked === null) throw nothingWaits(state);
    return this.#answerParked(target);
  }

  async allowOnce(argument: unknown): Promise<void> {
    const target = await this.#permission(argument, 'Allow Once');
    if (target === null) return;
    await this.#say(target.target, target.pending, 'approved', null);
  }

  async deny(argument: unknown): Promise<void> {
    const target = await this.#permission(argument, 'Deny');
    if (target !== null) await this.#deny(target.target, target.pending);
  }

  async #permission(argument: unknown, title: string): Promise<{ target: Target; pending: PendingApproval } | null> {
    const fits = (state: RunState) => state.pending.some(({ kind }) => kind === 'permission');
    const target = await this.#targets.pick(argument, { fits, title, none: 'No agent asks for a permission.', always: true });
    if (target === null) return null;
    const asked = target.state.pending.filter(({ kind }) => kind === 'permission');
    const pending = target.shown?.id == null ? asked[0] : asked.find(({ id }) => id === target.shown?.id);
    if (pending === undefined) throw nothingWaits(target.state);
    return { target, pending };
  }

  async #deny(target: Target, pending: PendingApproval): Promise<void> {
    const comment = await this.#context.vscode.window.showInputBox({
      title: `Deny: ${target.state.task} ${plainLine(pending.title, 80)}`,
      prompt: 'Why not, or what to do in its place? It goes to the agent (may be empty).',
      ignoreFocusOut: true,
    });
    if (comment !== undefined) await this.#say(target, pending, 'rejected', comment.trim() || null);
  }

  async #answerPermission(target: Target, pending: PendingApproval): Promise<void> {
    const { vscode } = this.#context;
    const rows = [
      { label: '$(check) Allow once', description: 'and go on', act: () => this.#say(target, pending, 'approved', null) },
      { label: '$(close) Deny…', description: 'the agent finds another way', act: () => this.#deny(target, pending) },
      {
        label: '$(debug-stop) Stop the task',
        description: '',
        act: () => vscode.commands.executeCommand('reactor.stop', referenceOf(target)),
      },
    ];
    const what = plainLine([pending.title, pending.detail].filter(Boolean).join(': '), 300);
    await (await vscode.window.showQuickPick(rows, { title: `${target.state.task} asks to: ${what}`, placeHolder: what }))?.act();
  }

  async #answerQuestion(target: Target, pending: PendingApproval): Promise<void> {
    const { vscode } = this.#context;
    const answers: string[][] = [];
    for (const question of pending.questions ?? [{ text: pending.title, header: '', options: [], multiple: false }]) {
      const given = await this.#oneAnswer(target.state.task, question);
      if (given === null) return;
      answers.push(given);
    }
    await target.model.request('answer', {
      run: target.state.run,
      id: pending.id,
      decision: 'approved',
      tree: null,
      comment: null,
      answers,
    });
    vscode.window.setStatusBarMessage(`${target.state.task}: answered`, 5000);
  }

  async #oneAnswer(task: string, question: NonNullable<PendingApproval['questions']>[number]): Promise<string[] | null> {
    const { window } = this.#context.vscode;
    const title = `${task} asks: ${plainLine(question.text, 300)}`;
    const other = { label: '$(edit) Another answer…', text: null };
    const rows = [...question.options.map((text) => ({ label: plainLine(text), text })), other];
    if (question.options.length > 0) {
      const chosen = question.multiple
        ? await window.showQuickPick(rows, { title, canPickMany: true, ignoreFocusOut: true })
        : await window.showQuickPick(rows, { title, ignoreFocusOut: true });
      if (chosen === undefined) return null;
      const texts = (Array.isArray(chosen) ? chosen : [chosen]).flatMap(({ text }) => text ?? []);
      if (texts.length > 0) return texts;
    }
    const typed = await window.showInputBox({
      title,
      ignoreFocusOut: true,
      validateInput: (text) => (text.trim() === '' ? 'The agent waits for an answer.' : undefined),
    });
    return typed === undefined ? null : [typed];
  }

  async #answerParked(target: Target): Promise<void> {
    const { vscode } = this.#context;
    const { state } = target;
    const run = (command: string) => () => vscode.commands.executeCommand(command, referenceOf(target));
    const rows = [
      ...resumeRows(state).map((row) => ({ ...row, act: run(row.command) })),
      { label: '$(diff-multiple) Review changes', description: '', act: run('reactor.reviewChanges') },
      { label: '$(git-branch) Restore as a branch', description: 'and finish it by hand', act: run('reactor.restoreAttempt') },
      { label: '$(debug-stop) Stop', description: 'give it up; what was done is kept', act: run('reactor.stop') },
    ];
    const why = plainLine(state.parked?.reason ?? '', 300);
    await (await vscode.window.showQuickPick(rows, { title: `${state.task} is parked: ${why}`, placeHolder: why }))?.act();
  }

  async #say(target: Target, pending: PendingApproval, decision: 'approved' | 'rejected', comment: string | null): Promise<void> {
    await target.model.request('answer', { run: target.state.run, id: pending.id, decision, tree: null, comment });
  }

  #pending({ state, shown }: Target): PendingApproval | null {
    const named = shown?.id == null || shown.id === 'parked' ? undefined : state.pending.find(({ id }) => id === shown.id);
    return named ?? state.pending[0] ?? null;
  }
}

export const referenceOf = ({ model, state }: Pick<Target, 'model' | 'state'>) => ({ repository: model.place.id, run: state.run });

const nothingWaits = (state: RunState): UserFacingError => {
  const how = state.phase === 'ended' ? `it has ended (${state.concluded?.reason ?? 'ended'})` : `it is ${state.phase}`;
  return new UserFacingError('notPossibleNow', `Nothing of ${state.task} waits for you: ${plainLine(how)}. Nothing was changed.`);
};

export const newerCandidate = (state: RunState, shown: string, now: string | null): UserFacingError =>
  new UserFacingError(
    'notPossibleNow',
    `This is about tree ${shortOid(shown)}, but the candidate of ${state.task} is ${now === null ? 'another' : shortOid(now)} now. Nothing was changed: look at the present changes first.`,
  );

/** What brings a parked run on its way again. */
function resumeRows(state: RunState): readonly { readonly label: string; readonly description: string; readonly command: string }[] {
  if (isOwnBudget(state))
    return [{ label: '$(flame) Set budget and resume…', description: 'go on with a higher limit', command: 'reactor.setBudget' }];
  const budget = state.parked?.budget;
  if (budget === undefined) return [{ label: '$(play) Resume', description: 'try again', command: 'reactor.resume' }];
  return [
    { label: '$(play) Resume', description: `from ${budget.renewsOn}, or once that budget is raised`, command: 'reactor.resume' },
    { label: '$(flame) Set budget…', description: 'in reactor.yaml or your settings', command: 'reactor.setBudget' },
  ];
}
