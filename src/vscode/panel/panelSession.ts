import type { Webview, WebviewPanel } from 'vscode';
import { type Disposable, DisposableStore } from '../../base/lifecycle.ts';
import { errorText } from '../../base/log.ts';
import { UserFacingError } from '../../base/userFacingError.ts';
import { visibleIn } from '../../base/visibleText.ts';
import { type HostMessage, PANEL_PROTOCOL, PanelMessage } from '../../protocol/panelMessages.ts';
import type { PanelTab } from '../../protocol/panelShapes.ts';
import { type CostDesk, costDeskOf } from './costDesk.ts';
import { PanelAnswers } from './panelAnswers.ts';
import type { PanelComments, PanelEditor, PanelHost, PanelModel } from './panelDeps.ts';
import { PanelFeed } from './panelFeed.ts';

/** What the page sends back as it got it. The page draws names of files visibly itself. */
const keyFields: ReadonlySet<string> = new Set(['path', 'oldPath', 'folder']);

/** While runs go on, costs are reckoned again at most this often. */
const COSTS_EVERY_MS = 1000;

/** The editor's own commands that the panel may start, by what the panel calls them. */
const commands = { run: 'reactor.runTask', review: 'reactor.reviewChanges', requestChanges: 'reactor.requestChanges' } as const;

interface SessionDeps {
  readonly editor: PanelEditor;
  readonly model: PanelModel;
  readonly host: PanelHost;
  readonly comments: PanelComments;
}

/** One open panel: parses what its page says, answers it, and keeps it up to date while it can be seen. Ends with the panel. */
export class PanelSession implements Disposable {
  readonly #panel: WebviewPanel;
  readonly #editor: PanelEditor;
  readonly #host: PanelHost;
  readonly #repository: string;
  readonly #store = new DisposableStore();
  readonly #feed: PanelFeed;
  readonly #answers: PanelAnswers;
  readonly #comments: PanelComments;
  readonly #costs: CostDesk;
  /** The run whose comments are shown. */
  #commentsOf: string | null = null;
  #wantsCosts = false;
  #costsDue: Disposable | null = null;
  #wanted: { readonly tab: PanelTab | null; readonly run: string | null };
  #isReady = false;

  constructor(panel: WebviewPanel, { editor, model, host, comments }: SessionDeps, tab: PanelTab | null) {
    this.#panel = panel;
    this.#editor = editor;
    this.#host = host;
    this.#wanted = { tab, run: null };
    this.#repository = model.place.id;
    this.#feed = this.#store.add(new PanelFeed(model, host, (message) => this.#post(message)));
    this.#answers = new PanelAnswers(editor, model, host, this.#feed, comments);
    this.#comments = comments;
    this.#costs = costDeskOf(model, host);
    this.#store.add(panel.webview.onDidReceiveMessage((raw: unknown) => this.#receive(raw)));
    this.#store.add(comments.onDidChange(({ repository, run }) => (repository === this.#repository ? this.#tellComments(run) : undefined)));
    this.#store.add(model.onEntry(() => this.#scheduleCosts()));
    this.#store.add(model.onDidReset(() => this.#scheduleCosts()));
    this.#store.add(
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.#hide();
      }),
    );
    model.open().catch((error: unknown) => this.#fail(null, error));
  }

  /** Brings the panel to the front on a tab, and a run when one is named. */
  show(tab: PanelTab | null, run: string | null): void {
    const isThere = this.#isReady && this.#panel.visible;
    this.#panel.reveal();
    // Where there is no page yet, the first thing it is told is this. One that is there must not hear it again when it comes back.
    if (!isThere) this.#wanted = { tab, run };
    else if (run === null || this.#feed.hasLane(run)) this.#post({ type: 'show', tab, run });
    else this.#feed.snapshot(tab, run);
  }

  #hide(): void {
    this.#isReady = false;
    this.#wantsCosts = false;
    this.#commentsOf = null;
    this.#feed.pause();
  }

  #receive(raw: unknown): void {
    const message = PanelMessage.safeParse(raw);
    if (!message.success) {
      this.#host.log.log('error', 'the panel sent something malformed', { issue: message.error.issues[0]?.message ?? '' });
      return;
    }
    this.#handle(message.data).catch((error: unknown) => {
      this.#fail('request' in message.data ? message.data.request : null, error);
    });
  }

  async #handle(message: PanelMessage): Promise<void> {
    switch (message.type) {
      case 'ready':
        if (message.protocol !== PANEL_PROTOCOL) {
          throw new UserFacingError('engineVersion', 'This panel is of another version of Reactor. Close it and open it again.');
        }
        this.#isReady = true;
        if (typeof message.run === 'string') this.#feed.include(message.run);
        this.#feed.snapshot(this.#wanted.tab, this.#wanted.run);
        this.#wanted = { tab: null, run: null };
        return;
      case 'painted':
        this.#feed.painted(message.generation);
        return;
      case 'costs':
        this.#wantsCosts = true;
        this.#post({ type: 'costs', report: await this.#costs.report() });
        return;
      case 'comments':
        this.#commentsOf = message.run;
        this.#tellComments(message.run);
        return;
      case 'command':
        if (message.command === 'showOlder') this.#feed.showOlder();
        else await this.#execute(commands[message.command], message.run, message.tree);
        return;
      default:
        this.#post(await this.#answers.answer(message));
    }
  }

  #tellComments(run: string): void {
    if (run !== this.#commentsOf) return;
    this.#post({ type: 'comments', run, threads: [...this.#comments.of(this.#repository, run)] });
  }

  async #execute(command: string, run: string | null, tree: string | null): Promise<void> {
    const about = run === null ? [] : [{ repository: this.#repository, run, tree }];
    await this.#editor.commands.executeCommand(command, ...about);
  }

  #scheduleCosts(): void {
    if (!this.#wantsCosts) return;
    this.#costsDue ??= this.#host.clock.schedule(COSTS_EVERY_MS, () => {
      this.#costsDue = null;
      if (!this.#wantsCosts) return;
      this.#handle({ type: 'costs' }).catch((error: unknown) => this.#fail(null, error));
    });
  }

  #fail(request: number | null, error: unknown): void {
    if (this.#store.isDisposed) return;
    const isForPeople = error instanceof UserFacingError;
    if (!isForPeople) this.#host.log.log('error', 'the panel failed', { error: errorText(error) });
    this.#post({ type: 'failed', request, message: isForPeople ? error.message : `This could not be done: ${errorText(error)}` });
  }

  #post(message: HostMessage): void {
    if (this.#store.isDisposed || !this.#panel.visible) return;
    // A page that has just gone takes no message: it asks for everything when it is back.
    post(this.#panel.webview, visibleIn(message, keyFields)).then(undefined, () => undefined);
  }

  dispose(): void {
    if (this.#store.isDisposed) return;
    this.#costsDue?.dispose();
    this.#store.dispose();
  }
}

const post = (webview: Webview, message: HostMessage): Thenable<boolean> => webview.postMessage(message);
