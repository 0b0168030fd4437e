import { randomUUID } from 'node:crypto';
import type * as vscodeTypes from 'vscode';
import { Emitter, type Event } from '../../base/event.ts';
import { type Disposable, DisposableStore } from '../../base/lifecycle.ts';
import { errorText } from '../../base/log.ts';
import { UserFacingError } from '../../base/userFacingError.ts';
import type { CommentThread } from '../../protocol/panelShapes.ts';
import type { HostContext } from '../hostContext.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import { lastCandidate, pendingReview } from '../text/runWords.ts';
import { anchorText } from './anchorText.ts';
import { changeRequest, isToSend, type StoredThread, threadWord } from './storedThread.ts';
import { ThreadStore } from './threadStore.ts';
import type { TreeFiles } from './treeFiles.ts';
import { parseTreeUri, treeUri } from './treeUri.ts';

/** A comment in the editor, with the thread it belongs to: what the menus of comments hand over. */
export interface ReviewComment extends vscodeTypes.Comment {
  readonly thread: string;
  readonly index: number;
  /** The text before it was edited. */
  readonly saved: string;
}

/**
 * Comments on lines of candidates. A thread is shared by the windows of one person and shown in the newest candidate of its run: where its lines stand
 * now, or where they stood, marked outdated, when they are not there any more.
 */
export class ReviewThreads implements Disposable {
  readonly #context: HostContext;
  readonly #files: TreeFiles;
  readonly #disposables = new DisposableStore();
  readonly #controller: vscodeTypes.CommentController;
  readonly #stored: ThreadStore;
  readonly #changed: Emitter<{ readonly repository: string; readonly run: string }>;
  readonly #shown = new Map<string, vscodeTypes.CommentThread>();
  readonly #trees = new Map<string, string>();

  constructor(context: HostContext, files: TreeFiles) {
    this.#context = context;
    this.#files = files;
    const { vscode, repositories } = context;
    this.#stored = new ThreadStore(context.extension.globalState, context.host.clock);
    const onError = (error: unknown): void => context.host.log.log('error', 'a view failed', { error: errorText(error) });
    this.#changed = this.#disposables.add(new Emitter<{ readonly repository: string; readonly run: string }>(onError));
    this.#controller = this.#disposables.add(vscode.comments.createCommentController('reactor.review', 'Reactor review'));
    this.#controller.options = { prompt: 'Comment on these lines', placeHolder: 'Sent to the agent by Request Changes' };
    this.#controller.commentingRangeProvider = {
      provideCommentingRanges: (document) => {
        const file = parseTreeUri(document.uri);
        const state = file === null ? null : (repositories.byId(file.repository)?.run(file.run) ?? null);
        const takes =
          file !== null &&
          file.side === 'candidate' &&
          file.notice === undefined &&
          state !== null &&
          pendingReview(state)?.tree === file.tree;
        return takes ? [new vscode.Range(0, 0, Math.max(0, document.lineCount - 1), 0)] : [];
      },
    };
    this.#disposables.add(
      repositories.onDidChangeRun(({ model, run }) => {
        this.#follow(model, run.run);
        if (run.phase === 'ended') for (const { id } of this.#stored.of(model.place.id, run.run)) this.#draw(id);
      }),
    );
    this.#disposables.add(repositories.onDidReset((model) => this.#followAll(model)));
    for (const model of repositories.list) this.#followAll(model);
  }

  get onDidChange(): Event<{ readonly repository: string; readonly run: string }> {
    return this.#changed.event;
  }

  /** The threads of a run, where they stand in its newest candidate. */
  of(repository: string, run: string): CommentThread[] {
    return this.#stored.of(repository, run).map((thread) => ({
      id: thread.id,
      path: thread.path,
      tree: thread.tree,
      line: thread.line,
      endLine: thread.endLine,
      word: threadWord(thread),
      comments: thread.comments,
    }));
  }

  /** A new thread on lines, from outside of the editor's own. @throws UserFacingError `notPossibleNow` when the tree does not wait for review */
  async add(
    at: Pick<StoredThread, 'repository' | 'run' | 'tree' | 'path' | 'line'> & { readonly endLine?: number },
    body: string,
  ): Promise<void> {
    const state = this.#context.repositories.byId(at.repository)?.run(at.run) ?? null;
    if (state === null || pendingReview(state)?.tree !== at.tree)
      throw new UserFacingError('notPossibleNow', 'There is a newer candidate, or this one was answered. Nothing was written.');
    if (body.trim() === '') return;
    const { host } = this.#context;
    await this.#begin({ ...at, endLine: at.endLine ?? at.line }, { body, author: host.person, at: host.clock.now() });
    await this.#save();
  }

  async setResolved(id: string, resolved: boolean): Promise<void> {
    if (this.#stored.get(id) === null) return;
    this.#stored.change(id, { state: resolved ? 'resolved' : 'open' });
    this.#draw(id);
    await this.#save();
  }

  /** What Request Changes takes along; null when there is nothing. */
  toSend(model: RepositoryModel, run: string): { readonly text: string; readonly count: number; sent(): Promise<void> } | null {
    const open = this.#stored.of(model.place.id, run).filter(isToSend);
    if (open.length === 0) return null;
    const sent = async (): Promise<void> => {
      for (const { id } of open) this.#stored.change(id, { state: 'sent' });
      for (const { id } of open) this.#draw(id);
      await this.#save();
    };
    return { text: changeRequest(open), count: open.length, sent };
  }

  /** A new comment: in a thread that the editor has just made, or in one that is there. */
  async create({ thread, text }: vscodeTypes.CommentReply): Promise<void> {
    if (text.trim() === '') return;
    const { host } = this.#context;
    const comment = { body: text, author: host.person, at: host.clock.now() };
    const known = this.#idOf(thread);
    if (known !== null) {
      // Said anew, it is to be sent anew.
      const comments = [...(this.#stored.get(known)?.comments ?? []), comment];
      this.#stored.change(known, { comments, state: 'open' });
      this.#draw(known);
    } else {
      const file = parseTreeUri(thread.uri);
      if (file === null || thread.range === undefined) return;
      const { start, end } = thread.range;
      const { repository, run, path, tree } = file;
      await this.#begin({ repository, run, path, tree, line: start.line, endLine: end.line }, comment, thread);
    }
    await this.#save();
  }

  /** @param thread the editor's own, when it has made one */
  async #begin(
    at: Pick<StoredThread, 'repository' | 'run' | 'path' | 'tree' | 'line' | 'endLine'>,
    comment: StoredThread['comments'][number],
    thread?: vscodeTypes.CommentThread,
  ): Promise<void> {
    const lines = await this.#lines(at.repository, at.tree, at.path);
    const code = (lines ?? []).slice(at.line, at.endLine + 1).join('\n');
    const id = `${at.run}/${randomUUID()}`;
    this.#stored.add({ id, ...at, code, state: 'open', outdated: false, comments: [comment] });
    if (thread !== undefined) this.#shown.set(id, thread);
    else this.#make({ id, ...at }).collapsibleState = this.#context.vscode.CommentThreadCollapsibleState.Expanded;
    this.#trees.set(`${at.repository}#${at.run}`, at.tree);
    this.#draw(id);
  }

  async setState(thread: vscodeTypes.CommentThread, state: 'open' | 'resolved'): Promise<void> {
    const id = this.#idOf(thread);
    if (id !== null) await this.setResolved(id, state === 'resolved');
  }

  async delete(target: vscodeTypes.CommentThread | ReviewComment): Promise<void> {
    const id = isComment(target) ? target.thread : this.#idOf(target);
    if (id === null) return;
    const kept = isComment(target) ? (this.#stored.get(id)?.comments ?? []).filter((_, index) => index !== target.index) : [];
    if (kept.length > 0) {
      this.#stored.change(id, { comments: kept });
      this.#draw(id);
    } else {
      const thread = this.#stored.get(id);
      this.#stored.remove(id);
      this.#shown.get(id)?.dispose();
      this.#shown.delete(id);
      if (thread !== null) this.#changed.fire(thread);
    }
    await this.#save();
  }

  edit(comment: ReviewComment): void {
    this.#draw(comment.thread, comment.index);
  }
  cancel(comment: ReviewComment): void {
    this.#draw(comment.thread);
  }
  async save(comment: ReviewComment): Promise<void> {
    const body = typeof comment.body === 'string' ? comment.body : comment.body.value;
    const thread = this.#stored.get(comment.thread);
    if (thread === null || body.trim() === '') return this.cancel(comment);
    const comments = thread.comments.map((one, index) => (index === comment.index ? { ...one, body } : one));
    this.#stored.change(comment.thread, { comments, ...(thread.state === 'sent' ? { state: 'open' as const } : {}) });
    this.#draw(comment.thread);
    await this.#save();
  }

  /** Takes over what other windows have kept of these comments. */
  catchUp(): void {
    for (const kept of this.#stored.catchUp()) {
      const { id, repository, run } = kept;
      const model = this.#context.repositories.byId(repository);
      if (model === null) continue;
      const thread = this.#stored.get(id);
      // Where it stands may be another place than the one it is drawn at.
      this.#shown.get(id)?.dispose();
      this.#shown.delete(id);
      if (thread === null) this.#changed.fire(kept);
      else this.#draw(id);
      if (thread !== null && thread.tree !== this.#trees.get(`${repository}#${run}`)) this.#trees.delete(`${repository}#${run}`);
      this.#follow(model, run);
    }
  }

  async #save(): Promise<void> {
    this.catchUp();
    await this.#stored.save();
  }

  #followAll(model: RepositoryModel): void {
    for (const run of this.#stored.runsOf(model.place.id)) this.#follow(model, run);
  }

  /** Moves the threads of a run to its newest candidate, once per tree. */
  #follow(model: RepositoryModel, run: string): void {
    const state = model.run(run);
    const tree = state === null ? null : (lastCandidate(state)?.candidate.tree ?? null);
    const key = `${model.place.id}#${run}`;
    if (tree === null || this.#trees.get(key) === tree || this.#stored.of(model.place.id, run).length === 0) return;
    this.#trees.set(key, tree);
    this.#anchor(model, run, tree).catch((error: unknown) =>
      this.#context.host.log.log('warn', 'comments could not be placed', { run, error: errorText(error) }),
    );
  }

  async #anchor(model: RepositoryModel, run: string, tree: string): Promise<void> {
    for (const thread of this.#stored.of(model.place.id, run)) {
      const lines = await this.#lines(model.place.id, tree, thread.path);
      const code = thread.code.split('\n');
      const at = lines === null ? null : anchorText(lines, code, thread.line);
      const place = at === null ? { outdated: true } : { outdated: false, line: at, endLine: at + code.length - 1 };
      this.#stored.place(thread.id, { tree, ...place });
      this.#shown.get(thread.id)?.dispose();
      this.#shown.delete(thread.id);
      this.#draw(thread.id);
    }
    await this.#save();
  }

  async #lines(repository: string, tree: string, path: string): Promise<string[] | null> {
    const content = await this.#files.read({ repository, tree, path });
    return content === null ? null : new TextDecoder().decode(content).split(/\r?\n/);
  }

  #draw(id: string, editing: number | null = null): void {
    const thread = this.#stored.get(id);
    if (thread === null) return;
    const { vscode } = this.#context;
    const shown = this.#shown.get(id) ?? this.#make(thread);
    // Nobody waits for what was said of a run that is over.
    const state = this.#context.repositories.byId(thread.repository)?.run(thread.run) ?? null;
    const isResolved = thread.state === 'resolved' || state?.phase === 'ended';
    shown.comments = thread.comments.map((comment, index) => drawComment(vscode, thread, comment, index, index === editing));
    shown.label = threadWord(thread);
    shown.contextValue = threadWord(thread);
    shown.state = isResolved ? vscode.CommentThreadState.Resolved : vscode.CommentThreadState.Unresolved;
    shown.canReply = true;
    if (isResolved) shown.collapsibleState = vscode.CommentThreadCollapsibleState.Collapsed;
    this.#changed.fire(thread);
  }

  #make({
    id,
    repository,
    tree,
    path,
    run,
    line,
    endLine,
  }: Pick<StoredThread, 'id' | 'repository' | 'tree' | 'path' | 'run' | 'line' | 'endLine'>): vscodeTypes.CommentThread {
    const { vscode } = this.#context;
    const uri = treeUri(vscode, { repository, tree, path, run, side: 'candidate' });
    const thread = this.#controller.createCommentThread(uri, new vscode.Range(line, 0, endLine, 0), []);
    this.#shown.set(id, thread);
    return thread;
  }

  #idOf(thread: vscodeTypes.CommentThread): string | null {
    for (const [id, shown] of this.#shown) if (shown === thread) return id;
    return null;
  }

  dispose(): void {
    for (const thread of this.#shown.values()) thread.dispose();
    this.#disposables.dispose();
  }
}

const isComment = (target: vscodeTypes.CommentThread | ReviewComment): target is ReviewComment => 'index' in target;

function drawComment(
  vscode: HostContext['vscode'],
  { id, state }: StoredThread,
  { body, author, at }: StoredThread['comments'][number],
  index: number,
  isEdited: boolean,
): ReviewComment {
  return {
    thread: id,
    index,
    saved: body,
    // Written by a person at this editor, shown as Markdown without links that act.
    body: isEdited ? body : new vscode.MarkdownString(body),
    mode: isEdited ? vscode.CommentMode.Editing : vscode.CommentMode.Preview,
    author: { name: author },
    contextValue: isEdited ? 'editing' : 'comment',
    timestamp: new Date(at),
    ...(state === 'sent' ? { label: 'sent' } : {}),
  };
}
