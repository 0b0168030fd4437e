import { UserFacingError } from '../../base/userFacingError.ts';
import { withoutLineEnds } from '../../core/projections/lineEnds.ts';
import { parsePatch } from '../../core/projections/parsePatch.ts';
import { bothDetails, type SpanDetail, spanDetail } from '../../core/projections/spanDetail.ts';
import type { HostMessage, PanelMessage } from '../../protocol/panelMessages.ts';
import type { PanelComments, PanelEditor, PanelHost, PanelModel } from './panelDeps.ts';
import type { PanelFeed } from './panelFeed.ts';
import type { RunRecord } from './runRecord.ts';

/** Bytes of a diff that are shown; what is larger is for the editor. */
const MOST_PATCH_BYTES = 2_000_000;
const CONVERSATION_ITEMS = 200;

type Question = Extract<PanelMessage, { request: number }>;

/** Answers the panel's requests. Errors are for people: they are shown in the panel as written. */
export class PanelAnswers {
  readonly #editor: PanelEditor;
  readonly #model: PanelModel;
  readonly #host: PanelHost;
  readonly #feed: PanelFeed;
  readonly #comments: PanelComments;

  constructor(editor: PanelEditor, model: PanelModel, host: PanelHost, feed: PanelFeed, comments: PanelComments) {
    this.#editor = editor;
    this.#model = model;
    this.#host = host;
    this.#feed = feed;
    this.#comments = comments;
  }

  /** @throws UserFacingError when what was asked for is not there or not possible now */
  async answer(question: Question): Promise<HostMessage> {
    const { request } = question;
    switch (question.type) {
      case 'span':
        return { type: 'span', request, detail: await this.#detail(question.run, question.index) };
      case 'conversation': {
        const record = await this.#record(question.run);
        const query = question.query.trim();
        const found =
          query === ''
            ? await record.conversation(question.before, CONVERSATION_ITEMS)
            : await record.search(query, CONVERSATION_ITEMS, () => this.#feed.pauseWork());
        return { type: 'conversation', request, run: question.run, items: found.items, more: found.more };
      }
      case 'diff':
        return this.#diff(question);
      case 'revise': {
        const { run, tree } = question;
        const rejected = question.rejected.map(({ path, hunks }) => ({ path, hunks: hunks === null ? null : [...hunks] }));
        await this.#model.request('revise', { run, tree, rejected });
        return { type: 'done', request, message: 'A new candidate was made without what you rejected. The tests run again.' };
      }
      case 'comment': {
        const { run, tree, path, line, body } = question;
        await this.#comments.add({ repository: this.#model.place.id, run, tree, path, line }, body);
        return { type: 'done', request, message: '' };
      }
      case 'resolveComment':
        await this.#comments.setResolved(question.id, question.resolved);
        return { type: 'done', request, message: '' };
      case 'output':
        return this.#openOutput(question);
      case 'export':
        return this.#export(question);
    }
  }

  async #record(run: string): Promise<RunRecord> {
    const record = await this.#feed.record(run);
    if (record === null) throw new UserFacingError('unknownRun', `The run ${run} is not in this journal.`);
    return record;
  }

  async #detail(run: string, index: number): Promise<SpanDetail> {
    const record = await this.#record(run);
    const span = record.timeline.spans[index];
    const [first, last] = await record.entriesOf(index);
    if (span === undefined || first === undefined)
      throw new UserFacingError('notPossibleNow', 'This part of the timeline is not in the journal any more.');
    const detail = last === undefined ? spanDetail(first) : bothDetails(spanDetail(first), spanDetail(last));
    const attempt = this.#model.run(run)?.attempts.find(({ attempt: number }) => number === span.attempt);
    if (attempt === undefined || span.kind === 'model' || span.kind === 'tool') return detail;
    const isWhole = span.kind === 'attempt' || span.kind === 'execute';
    const files = detail.files.length > 0 ? detail.files : (attempt.candidate?.files ?? []);
    return {
      ...detail,
      files: span.kind === 'boot' || span.kind === 'teardown' ? [] : files,
      tree: detail.tree ?? attempt.candidate?.tree ?? null,
      tokens: isWhole ? attempt.tokens : detail.tokens,
      cost: isWhole ? attempt.cost : detail.cost,
    };
  }

  async #diff(question: Extract<Question, { type: 'diff' }>): Promise<HostMessage> {
    const { from, to, request } = question;
    const known = this.#trees();
    if (!known.has(from) || !known.has(to)) {
      throw new UserFacingError('notPossibleNow', 'These states are not known any more. Choose others.');
    }
    const { text, truncated } = await this.#host.patch(this.#model.place.folder, { from, to, maxBytes: MOST_PATCH_BYTES });
    return { type: 'diff', request, files: withoutLineEnds(parsePatch(text)), truncated };
  }

  /** The trees of all runs: only these are handed to git. */
  #trees(): Set<string> {
    const trees = new Set<string>();
    for (const { spec, lastGreen, attempts } of this.#model.runs.values()) {
      trees.add(spec.baseTree).add(lastGreen.tree);
      for (const { candidate } of attempts) if (candidate !== null) trees.add(candidate.tree);
    }
    return trees;
  }

  async #openOutput(question: Extract<Question, { type: 'output' }>): Promise<HostMessage> {
    const { outputFile } = await this.#detail(question.run, question.index);
    if (outputFile === null) throw new UserFacingError('notPossibleNow', 'This part of the run has no output.');
    const folder = this.#editor.Uri.file(await this.#host.dataFolder(this.#model.place.folder));
    await this.#editor.commands.executeCommand('vscode.open', this.#editor.Uri.joinPath(folder, outputFile));
    return { type: 'done', request: question.request, message: '' };
  }

  async #export(question: Extract<Question, { type: 'export' }>): Promise<HostMessage> {
    const { window, workspace, Uri } = this.#editor;
    const suggested = Uri.joinPath(Uri.file(this.#model.place.folder), question.name.replace(/[^\w.-]+/g, '-'));
    const target = await window.showSaveDialog({ defaultUri: suggested, filters: { CSV: ['csv'] } });
    if (target === undefined) return { type: 'done', request: question.request, message: '' };
    await workspace.fs.writeFile(target, new TextEncoder().encode(question.text));
    return { type: 'done', request: question.request, message: `Saved as ${target.path.split('/').at(-1) ?? ''}.` };
  }
}
