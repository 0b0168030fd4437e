import type * as vscodeTypes from 'vscode';
import type { HostContext } from '../hostContext.ts';
import { parseTreeUri, type TreeFile } from './treeUri.ts';

const MOST_KEPT_BYTES = 20_000_000;
const MOST_KEPT_FILES = 200;

/**
 * Files of git trees as documents that can only be read. What is shown is what was tested: a tree's hash stands in the address, so that
 * content is read once and never changes. A file system, not a text provider, so that the editor itself deals with images and large files.
 */
export class TreeFiles implements vscodeTypes.FileSystemProvider {
  readonly #context: HostContext;
  readonly #kept = new Map<string, Uint8Array>();
  #keptBytes = 0;

  constructor(context: HostContext) {
    this.#context = context;
  }

  readonly onDidChangeFile: vscodeTypes.Event<vscodeTypes.FileChangeEvent[]> = () => ({ dispose: () => {} });

  watch(): vscodeTypes.Disposable {
    return { dispose: () => {} };
  }

  async stat(uri: vscodeTypes.Uri): Promise<vscodeTypes.FileStat> {
    const { FileType } = this.#context.vscode;
    return { type: FileType.File, ctime: 0, mtime: 0, size: (await this.readFile(uri)).byteLength };
  }

  async readFile(uri: vscodeTypes.Uri): Promise<Uint8Array> {
    const file = parseTreeUri(uri);
    if (file === null) throw this.#context.vscode.FileSystemError.FileNotFound(uri);
    if (file.notice !== undefined) return new TextEncoder().encode(`${file.notice}\n`);
    const content = await this.read(file);
    if (content === null) throw this.#context.vscode.FileSystemError.FileNotFound(uri);
    return content;
  }

  /** Null when the tree has no such file. */
  async read({ repository, tree, path }: Pick<TreeFile, 'repository' | 'tree' | 'path'>): Promise<Uint8Array | null> {
    const key = `${repository}#${tree}:${path}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    await this.#context.repositories.scan();
    const model = this.#context.repositories.byId(repository);
    const content = model === null ? null : await this.#context.host.readFile(model.place.folder, tree, path);
    if (content !== null) this.#keep(key, content);
    return content;
  }

  #keep(key: string, content: Uint8Array): void {
    if (content.byteLength > MOST_KEPT_BYTES / 4 || this.#kept.has(key)) return;
    this.#kept.set(key, content);
    this.#keptBytes += content.byteLength;
    for (const [oldest, bytes] of this.#kept) {
      if (this.#keptBytes <= MOST_KEPT_BYTES && this.#kept.size <= MOST_KEPT_FILES) return;
      this.#kept.delete(oldest);
      this.#keptBytes -= bytes.byteLength;
    }
  }

  readDirectory(): [string, vscodeTypes.FileType][] {
    return [];
  }
  createDirectory(uri: vscodeTypes.Uri): never {
    throw this.#readOnly(uri);
  }
  writeFile(uri: vscodeTypes.Uri): never {
    throw this.#readOnly(uri);
  }
  delete(uri: vscodeTypes.Uri): never {
    throw this.#readOnly(uri);
  }
  rename(uri: vscodeTypes.Uri): never {
    throw this.#readOnly(uri);
  }
  #readOnly(uri: vscodeTypes.Uri): Error {
    return this.#context.vscode.FileSystemError.NoPermissions(`${uri.path} belongs to a tested tree and can't be changed`);
  }
}
