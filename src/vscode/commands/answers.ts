import { UserFacingError } from '../../base/userFacingError.ts';
import { NETWORK } from '../../core/policy/networkPolicy.ts';
import { plural, shortOid } from '../../core/projections/figures.ts';
import { subjectOf, waitsForMessage } from '../../core/run/commitMessage.ts';
import { isOwnAsk } from '../../core/run/isOwnAsk.ts';
import type { PendingApproval, RunState } from '../../core/run/state.ts';
import type { HostContext } from '../hostContext.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import { askedText } from '../text/askedText.ts';
import { plainLine, withoutIcons } from '../text/plainText.ts';
import { changeText, joined, pendingReview } from '../text/runWords.ts';
import { isOwnBudget } from './budgets.ts';
import type { Target, Targets } from './target.ts';

const all = ['review', 'permission', 'question', 'parked'] as const;
const NOTHING = 'Nothing waits for you.';
/** Of what is asked, in the title of the list of answers; it wraps. */
const MOST_IN_TITLE = 300;
const NO_REVIEW = 'No change waits for your review.';

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

  /** Takes the candidate that was shown. Without a row or review it was pressed on, and from a key, the list of what waits is shown first. */
  async approve(argument: unknown): Promise<void> {
    const target = await this.#targets.ask(argument, { kinds: ['review'], title: 'Approve', none: NO_REVIEW, always: true });
    if (target === null) return;
    const { model, state, shown } = target;
    const review = pendingReview(state);
    if (review === null) throw nothingWaits(state);
    const tree = shown?.tree ?? review.tree;
    await model.request('answer', { run: state.run, id: shown?.id ?? review.id, decision: 'approved', tree, comment: null });
    const change = joined(`approved tree ${shortOid(tree ?? '')}`, tree === null ? '' : changeText(state, tree));
    this.#context.vscode.window.setStatusBarMessage(`${state.task}: ${change}`, 5000);
  }

  /** Gives the candidate up and ends the run; the work stays restorable. */
  async reject(argument: unknown): Promise<void> {
    const target = await this.#targets.ask(argument, { kinds: all, title: 'Reject', none: NOTHING, always: true });
    if (target === null) return;
    const { model, state } = target;
    const { vscode } = this.#context;
    const pending = askedOf(target);
    if (pending !== null && pending.kind !== 'review') return this.#deny(target, pending);
    const detail = 'The task ends without landing. What was done is kept: Restore Reverted Attempt brings it back as a branch.';
    const goesOn = pending !== null || takesComment(state) ? (['Request Changes'] as const) : [];
    const pressed = await vscode.window.showWarningMessage(
      `Reject the change of ${state.task}?`,
      { modal: true, detail },
      'Reject',
      ...goesOn,
    );
    const named = { id: pending?.id ?? null, tree: pending?.tree ?? null };
    if (pressed === 'Request Changes' && pending === null) return this.#sendBack(target, named);
    if (pressed === 'Request Changes') return this.requestChanges({ ...referenceOf(target), ...named });
    if (pressed === 'Reject') await model.request('answer', { run: state.run, ...named, decision: 'rejected', comment: null });
  }

  /** Sends the open comments, and a remark if the person has one, back to the agent as one prompt. */
  async requestChanges(argument: unknown): Promise<void> {
    const target = await this.#targets.ask(argument, { kinds: ['review'], title: 'Request Changes', none: NO_REVIEW, always: false });
    if (target === null) return;
    const review = askedOf(target);
    if (review?.kind !== 'review') throw nothingWaits(target.state);
    await this.#sendBack(target, { id: review.id, tree: review.tree });
  }

  /** Asks what has to change and sends it to the agent: of a change that waits for review, or of one whose landing was refused. */
  async #sendBack({ model, state }: Target, named: { readonly id: string | null; readonly tree: string | null }): Promise<void> {
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
    await model.request('answer', { run: state.run, id: named.id, decision: 'rejected', tree: named.tree, comment });
    await open?.sent();
    const count = open === null ? '' : ` with ${plural(open.count, 'comment')}`;
    this.#context.vscode.window.setStatusBarMessage(`${state.task}: changes requested${count}`, 5000);
  }

  /** What a click on a row that waits does: shows what is asked and what can be said to it. */
  async answer(argument: unknown): Promise<void> {
    const target = await this.#targets.ask(argument, { kinds: all, title: 'Needs you', none: NOTHING, always: false });
    if (target === null) return;
    const pending = askedOf(target);
    const { commands } = this.#context.vscode;
    switch (pending?.kind) {
      case 'review':
        await commands.executeCommand('reactor.reviewChanges', { ...referenceOf(target), id: pending.id, tree: pending.tree });
        return;
      case 'question':
        return this.#answerQuestion(target, pending);
      case 'permission':
        return this.#answerPermission(target, pending);
      default:
        return this.#answerParked(target);
    }
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
    const none = 'No agent asks for a permission.';
    const target = await this.#targets.ask(argument, { kinds: ['permission'], title, none, always: true });
    if (target === null) return null;
    const pending = askedOf(target);
    if (pending?.kind !== 'permission') throw nothingWaits(target.state);
    return { target, pending };
  }

  async #deny(target: Target, pending: PendingApproval): Promise<void> {
    // There is no agent yet that a word could go to.
    if (isOwnAsk(pending)) return this.#say(target, pending, 'rejected', null);
    const comment = await this.#context.vscode.window.showInputBox({
      title: `Deny: ${target.state.task} ${plainLine(pending.title, 80)}`,
      prompt: 'Why not, or what to do in its place? It goes to the agent (may be empty).',
      ignoreFocusOut: true,
    });
    if (comment !== undefined) await this.#say(target, pending, 'rejected', comment.trim() || null);
  }

  async #answerPermission(target: Target, pending: PendingApproval): Promise<void> {
    const { vscode } = this.#context;
    const isOwn = isOwnAsk(pending);
    const isHost = pending.permission?.permission === NETWORK;
    const rows = [
      {
        label: '$(check) Allow once',
        description: isHost ? 'for this run' : isOwn ? 'and go on, in this run' : 'and go on',
        act: () => this.#say(target, pending, 'approved', null),
      },
      ...(isHost
        ? [
            {
              label: '$(check-all) Always allow',
              description: 'for all runs of this repository',
              act: () => this.#allowAlways(target, pending),
            },
          ]
        : []),
      {
        label: '$(close) Deny…',
        description: isOwn ? 'the task does not go on' : 'the agent finds another way',
        act: () => this.#deny(target, pending),
      },
      {
        label: '$(debug-stop) Stop the task',
        description: '',
        act: () => vscode.commands.executeCommand('reactor.stop', referenceOf(target)),
      },
    ];
    const asked = askedText(pending);
    const what = plainLine([asked, pending.detail].filter(Boolean).join(': '), MOST_IN_TITLE);
    if ([...asked].length > MOST_IN_TITLE)
      rows.push({ label: '$(open-preview) Show all of it…', description: 'and ask again', act: () => this.#showAsked(target, pending) });
    await (await vscode.window.showQuickPick(rows, { title: `${target.state.task} asks to: ${what}`, placeHolder: 'Your answer' }))?.act();
  }

  async #showAsked(target: Target, pending: PendingApproval): Promise<void> {
    const { vscode } = this.#context;
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'plaintext', content: askedText(pending) }));
    await vscode.commands.executeCommand('reactor.answer', { ...referenceOf(target), id: pending.id });
  }

  async #allowAlways({ model, state }: Target, { id, permission }: PendingApproval): Promise<void> {
    await model.request('answer', { run: state.run, id, decision: 'approved', tree: null, comment: null, always: true });
    const place = withoutIcons(plainLine(permission?.patterns.join(', ') ?? '', 80));
    this.#context.vscode.window.setStatusBarMessage(`${place}: always allowed; “Reactor: Show Allowed Hosts” takes it back`, 8000);
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
    const rows = [...question.options.map((text) => ({ label: withoutIcons(plainLine(text)), text })), other];
    const texts: string[] = [];
    if (question.options.length > 0) {
      const chosen = question.multiple
        ? await window.showQuickPick(rows, { title, canPickMany: true, ignoreFocusOut: true })
        : await window.showQuickPick(rows, { title, ignoreFocusOut: true });
      if (chosen === undefined) return null;
      const picked = Array.isArray(chosen) ? chosen : [chosen];
      texts.push(...picked.flatMap(({ text }) => text ?? []));
      if (texts.length > 0 && !picked.includes(other)) return texts;
    }
    const typed = await window.showInputBox({
      title,
      ignoreFocusOut: true,
      validateInput: (text) => (text.trim() === '' ? 'The agent waits for an answer.' : undefined),
    });
    return typed === undefined ? null : [...texts, typed];
  }

  async #answerParked(target: Target): Promise<void> {
    const { vscode } = this.#context;
    const { state } = target;
    const run = (command: string) => () => vscode.commands.executeCommand(command, referenceOf(target));
    const rows = [
      ...resumeRows(state).map((row) => ({ ...row, act: run(row.command) })),
      ...(waitsForMessage(state)
        ? [{ label: '$(edit) Resume with another message…', description: 'for its commit', act: () => this.#resumeSaying(target) }]
        : []),
      ...(takesComment(state)
        ? [
            {
              label: '$(comment-discussion) Request changes…',
              description: 'the agent goes on, on the state of the target',
              act: () => this.#sendBack(target, { id: null, tree: null }),
            },
          ]
        : []),
      { label: '$(diff-multiple) Review changes', description: '', act: run('reactor.reviewChanges') },
      { label: '$(git-branch) Restore as a branch', description: 'and finish it by hand', act: run('reactor.restoreAttempt') },
      { label: '$(debug-stop) Stop', description: 'give it up; what was done is kept', act: run('reactor.stop') },
    ];
    const why = plainLine(state.parked?.reason ?? '', 300);
    await (await vscode.window.showQuickPick(rows, { title: `${state.task} is parked: ${why}`, placeHolder: 'What now?' }))?.act();
  }

  async #resumeSaying({ model, state }: Target): Promise<void> {
    const message = await this.#context.vscode.window.showInputBox({
      title: `Message of the commit of ${state.task}`,
      prompt: plainLine(state.parked?.reason ?? '', 300),
      value: subjectOf(state),
      ignoreFocusOut: true,
      validateInput: (text) => (text.trim() === '' ? 'A commit needs a message.' : undefined),
    });
    if (message !== undefined) await model.request('resume', { run: state.run, message });
  }

  async #say(target: Target, pending: PendingApproval, decision: 'approved' | 'rejected', comment: string | null): Promise<void> {
    await target.model.request('answer', { run: target.state.run, id: pending.id, decision, tree: null, comment });
  }
}

/**
 * What the row or the review showed, when it is still asked; null for a run that is parked. Nothing else is decided in its place.
 * @throws UserFacingError `notPossibleNow` when it was answered meanwhile or there is a newer candidate
 */
function askedOf({ state, shown }: Target): PendingApproval | null {
  if (shown?.id === 'parked') {
    if (state.parked === null) throw nothingWaits(state);
    return null;
  }
  const review = pendingReview(state);
  const tree = shown?.tree ?? null;
  const asked = shown?.id == null ? review : (state.pending.find(({ id }) => id === shown.id) ?? null);
  if (asked !== null && (tree === null || asked.tree === tree)) return asked;
  throw tree !== null && review !== null ? newerCandidate(state, tree, review.tree) : nothingWaits(state);
}

/** Its landing was refused, and the agent can be sent back to work for it. */
const takesComment = ({ landing, parked }: RunState): boolean =>
  parked !== null && landing !== null && landing.refused !== null && landing.refused.code !== 'gone';

export const referenceOf = ({ model, state }: Pick<Target, 'model' | 'state'>) => ({ repository: model.place.id, run: state.run });

const nothingWaits = (state: RunState): UserFacingError => {
  const how = state.phase === 'ended' ? `it has ended (${state.concluded?.reason ?? 'ended'})` : `it is ${state.phase}`;
  const why = state.pending.length > 0 ? 'something else is asked now' : plainLine(how);
  return new UserFacingError(
    'notPossibleNow',
    `What was shown of ${state.task} does not wait for you any more: ${why}. Nothing was changed.`,
  );
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
