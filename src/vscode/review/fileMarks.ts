import type * as vscodeTypes from 'vscode';
import type { ChangedFile } from '../../core/journal/events.ts';
import { UNSANDBOXED_WORDS } from '../../core/projections/unsandboxed.ts';
import type { HostContext } from '../hostContext.ts';
import { isUnsandboxedUri } from '../tree/cellUri.ts';
import type { ReviewedFiles } from './reviewedFiles.ts';
import { parseTreeUri } from './treeUri.ts';

const colors: Record<ChangedFile['status'], string> = {
  added: 'gitDecoration.addedResourceForeground',
  modified: 'gitDecoration.modifiedResourceForeground',
  deleted: 'gitDecoration.deletedResourceForeground',
  renamed: 'gitDecoration.renamedResourceForeground',
  typeChanged: 'gitDecoration.modifiedResourceForeground',
};

/** Marks files of candidates, wherever they are listed: a tick for what was reviewed, the colour of how they changed. And cells without a boundary. */
export class FileMarks implements vscodeTypes.FileDecorationProvider {
  readonly #context: HostContext;
  readonly #reviewed: ReviewedFiles;
  readonly #changed: vscodeTypes.EventEmitter<undefined>;
  readonly onDidChangeFileDecorations: vscodeTypes.Event<undefined>;

  constructor(context: HostContext, reviewed: ReviewedFiles) {
    this.#context = context;
    this.#reviewed = reviewed;
    this.#changed = new context.vscode.EventEmitter<undefined>();
    this.onDidChangeFileDecorations = this.#changed.event;
    reviewed.onDidChange(() => this.#changed.fire(undefined));
  }

  provideFileDecoration(uri: vscodeTypes.Uri): vscodeTypes.FileDecoration | undefined {
    if (isUnsandboxedUri(uri)) return new this.#context.vscode.FileDecoration('!', UNSANDBOXED_WORDS);
    const file = parseTreeUri(uri);
    if (file === null || file.side !== 'candidate') return undefined;
    const { vscode, repositories } = this.#context;
    const model = repositories.byId(file.repository);
    const candidate = model?.run(file.run)?.attempts.findLast((a) => a.candidate?.tree === file.tree)?.candidate;
    const status = candidate?.files.find(({ path }) => path === file.path)?.status;
    const color = status === undefined ? undefined : new vscode.ThemeColor(colors[status]);
    if (model !== null && this.#reviewed.has(model, file.run, file.path, file.tree))
      return new vscode.FileDecoration('✓', 'Reviewed', color);
    return color === undefined ? undefined : new vscode.FileDecoration(undefined, undefined, color);
  }
}
