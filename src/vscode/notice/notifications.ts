import { type Disposable, DisposableStore } from '../../base/lifecycle.ts';
import { errorText } from '../../base/log.ts';
import { plural, shortOid } from '../../core/projections/figures.ts';
import { endOf, runCostText } from '../../core/projections/runWords.ts';
import { isGreen, type RunState } from '../../core/run/state.ts';
import type { InboxItem } from '../../protocol/messages.ts';
import { Gathered } from '../gathered.ts';
import type { HostContext } from '../hostContext.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import { plainLine } from '../text/plainText.ts';
import { joined } from '../text/runWords.ts';
import { askText } from '../tree/askItem.ts';

/** What comes within this time is told together. */
const GATHER_MS = 400;
/** Room for a reason with what to do about it, which stands at its end. */
const MOST_SAID = 400;

interface News {
  readonly asks: { readonly model: RepositoryModel; readonly item: InboxItem }[];
  readonly ends: { readonly model: RepositoryModel; readonly run: RunState }[];
}

/** Tells what needs a person and what has ended, once each, grouped, never in the way. What was there at the start stands in the sidebar. */
export class Notifications implements Disposable {
  readonly #context: HostContext;
  readonly #store = new DisposableStore();
  readonly #told = new Set<string>();
  readonly #open = new Set<string>();
  /** Repositories whose first reading is over: what comes later is news. */
  readonly #known = new WeakSet<RepositoryModel>();
  #news: News = { asks: [], ends: [] };
  readonly #telling: Gathered;

  constructor(context: HostContext) {
    this.#context = context;
    const { repositories } = context;
    this.#telling = this.#store.add(new Gathered(context.host.clock, GATHER_MS, () => this.#tellAll()));
    this.#store.add(repositories.onDidChangeInbox((model) => this.#look(model)));
    this.#store.add(repositories.onDidChangeRun(({ model, run }) => this.#ended(model, run)));
    this.#store.add(repositories.onDidReset((model) => this.#learn(model)));
    for (const model of repositories.list) if (model.head > 0) this.#learn(model);
  }

  /** What is there already at the first reading is no news. */
  #learn(model: RepositoryModel): void {
    if (!this.#known.has(model)) for (const item of model.inbox) this.#told.add(keyOf(model, item));
    this.#known.add(model);
    for (const { run, phase } of model.runs.values()) if (phase !== 'ended') this.#open.add(`${model.place.id}#${run}`);
  }

  #look(model: RepositoryModel): void {
    for (const item of model.inbox) {
      const key = keyOf(model, item);
      if (this.#told.has(key)) continue;
      this.#told.add(key);
      this.#news.asks.push({ model, item });
      this.#telling.soon();
    }
  }

  #ended(model: RepositoryModel, run: RunState): void {
    const key = `${model.place.id}#${run.run}`;
    if (run.phase !== 'ended') this.#open.add(key);
    else if (this.#open.delete(key)) {
      this.#news.ends.push({ model, run });
      this.#telling.soon();
    }
  }

  #tellAll(): void {
    const news = this.#news;
    this.#news = { asks: [], ends: [] };
    this.#tell(news).catch((error: unknown) => this.#context.host.log.log('error', 'a notification failed', { error: errorText(error) }));
  }

  async #tell({ asks, ends }: News): Promise<void> {
    const wanted = this.#context.vscode.workspace.getConfiguration('reactor').get<string>('notifications', 'all');
    // Answered or gone on meanwhile, from another window or terminal.
    const still = asks.filter(({ model, item }) => isAsked(model, item));
    await Promise.all([
      wanted === 'none' || still.length === 0 ? null : this.#tellAsks(still),
      wanted !== 'all' || ends.length === 0 ? null : this.#tellEnds(ends),
    ]);
  }

  async #tellAsks(asks: News['asks']): Promise<void> {
    const { window, commands } = this.#context.vscode;
    const [first] = asks;
    if (asks.length > 1 || first === undefined) {
      const names = plainLine(asks.map(({ item }) => item.task).join(', '), 80);
      const pressed = await window.showInformationMessage(`${asks.length} things need you: ${names}`, 'Show');
      if (pressed === 'Show') await commands.executeCommand('reactor.needsYou.focus');
      return;
    }
    const { model, item } = first;
    const reference = { repository: model.place.id, run: item.run, id: item.id, tree: item.tree };
    const buttons: Record<string, string> =
      item.kind === 'review'
        ? { 'Review Changes': 'reactor.reviewChanges' }
        : item.kind === 'permission'
          ? { 'Allow Once': 'reactor.allowOnce', 'Deny…': 'reactor.deny', 'Show Timeline': 'reactor.showTimeline' }
          : { [item.kind === 'parked' ? 'What Now?' : 'Answer…']: 'reactor.answer' };
    const pressed = await window.showInformationMessage(`${item.task} ${askText(item, MOST_SAID)}`, ...Object.keys(buttons));
    const command = pressed === undefined ? undefined : buttons[pressed];
    if (command === undefined) return;
    // A notification can't be taken back: what was answered elsewhere meanwhile is said in place of being answered again.
    if (command !== 'reactor.showTimeline' && !isAsked(model, item)) await window.showInformationMessage(answeredText(model, item));
    else await commands.executeCommand(command, reference);
  }

  async #tellEnds(ends: News['ends']): Promise<void> {
    const { window, commands } = this.#context.vscode;
    const [first] = ends;
    if (ends.length > 1 || first === undefined) {
      const counts = new Map<string, number>();
      for (const { run } of ends) counts.set(endOf(run), (counts.get(endOf(run)) ?? 0) + 1);
      const text = [...counts].map(([status, count]) => `${count} ${status}`).join(', ');
      const pressed = await window.showInformationMessage(`${plural(ends.length, 'task')} ended: ${text}`, 'Show');
      if (pressed === 'Show') await commands.executeCommand('reactor.tasks.focus');
      return;
    }
    const { model, run } = first;
    const status = endOf(run);
    const reference = { repository: model.place.id, run: run.run };
    if (status === 'landed' || status === 'committed') {
      const landed = run.landing?.landed;
      const what = landed ? `landed on ${plainLine(landed.target, 60)} as ${shortOid(landed.to)}` : 'is green and committed on its branch';
      const pressed = await window.showInformationMessage(joined(`${run.task} ${what}`, runCostText(run)), 'Show Changes');
      if (pressed === 'Show Changes') await commands.executeCommand('reactor.reviewChanges', reference);
      return;
    }
    // Whoever stopped it knows.
    if (status === 'cancelled') return;
    if (status === 'rejected') return this.#tellRejected(model, run);
    // Without a candidate there is nothing to bring back.
    const isKept = run.attempts.some(({ candidate }) => candidate !== null);
    // Nothing can pass where the tests of the base don't: they, or the command, are what is to be mended.
    const isBaseRed = run.base !== null && !isGreen(run.base.evidence);
    const buttons = ['Show Timeline', ...(isKept ? ['Restore'] : []), ...(isBaseRed ? ['Open reactor.yaml'] : [])];
    const pressed = await window.showWarningMessage(failedText(run), ...buttons);
    if (pressed === 'Open reactor.yaml') await commands.executeCommand('reactor.openProjectSettings');
    if (pressed === 'Show Timeline') await commands.executeCommand('reactor.showTimeline', reference);
    if (pressed === 'Restore') await commands.executeCommand('reactor.restoreAttempt', reference);
  }

  /** No failure: somebody has decided. Whoever did so at this window knows. */
  async #tellRejected({ place }: RepositoryModel, run: RunState): Promise<void> {
    const { window, commands } = this.#context.vscode;
    if (this.#isOwn(run)) return;
    const reason = plainLine(run.concluded?.reason ?? '', MOST_SAID);
    const pressed = await window.showInformationMessage(`${run.task} was ${reason}`, 'Show Timeline');
    if (pressed === 'Show Timeline') await commands.executeCommand('reactor.showTimeline', { repository: place.id, run: run.run });
  }

  #isOwn({ concluded }: RunState): boolean {
    const { person } = this.#context.host;
    if (concluded?.by !== undefined) return concluded.by === `person:${person}`;
    // Journals of before say it in the sentence alone, where a name may have anything in it.
    const own = `rejected by ${person}`;
    const { reason = '' } = concluded ?? {};
    return reason.startsWith(own) && /^(?:[:;]|$)/.test(reason.slice(own.length));
  }

  dispose(): void {
    this.#store.dispose();
  }
}

const keyOf = (model: RepositoryModel, { run, id, tree, at }: InboxItem): string => `${model.place.id}#${run}/${id}/${tree ?? ''}/${at}`;

const isAsked = (model: RepositoryModel, item: InboxItem): boolean => model.inbox.some((now) => keyOf(model, now) === keyOf(model, item));

/** 'TASK-001 failed: never green in 3 attempts'; a reason that names the failed step says it by itself: 'TASK-001: boot failed: …'. */
function failedText(run: RunState): string {
  const reason = plainLine(run.concluded?.reason ?? '', MOST_SAID);
  const says = reason === '' ? ' failed' : /^[\w ]{1,40} failed\b/.test(reason) ? `: ${reason}` : ` failed: ${reason}`;
  return `${run.task}${says}`;
}

/** One sentence on what became of something that was asked. */
function answeredText(model: RepositoryModel, { run, task, id, kind }: InboxItem): string {
  const state = model.run(run);
  if (state === null || state.phase === 'ended') return `${task} has ended meanwhile: nothing was answered.`;
  const isNewer = kind === 'review' && state.pending.some((asked) => asked.kind === 'review' && asked.id !== id);
  return isNewer
    ? `${task} has a newer candidate meanwhile: nothing was answered. It stands under Needs You.`
    : `${task}: this was answered meanwhile, from another window or terminal.`;
}
