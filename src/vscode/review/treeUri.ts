import type * as vscodeTypes from 'vscode';
import { z } from 'zod';
import type { Vscode } from '../vscodeValue.ts';

/** Documents of this scheme are files of a git tree: named by its hash, they never change. */
export const TREE_SCHEME = 'reactor-tree';

const Query = z.object({
  repository: z.string(),
  tree: z.string().regex(/^[0-9a-f]{40,64}$/),
  /** The run whose candidate it belongs to. */
  run: z.string(),
  /** Which side of a review it stands on; only the candidate's takes comments. */
  side: z.enum(['base', 'candidate']),
  /** Shown in place of the content: of a file that is no text, or too much of it for an editor of many. */
  notice: z.string().optional(),
});

export type TreeFile = z.infer<typeof Query> & { readonly path: string };

/** The same file always gets the same address: comments and decorations hang on it. */
export function treeUri(vscode: Vscode, { path, repository, tree, run, side, notice }: TreeFile): vscodeTypes.Uri {
  const query = JSON.stringify({ repository, tree, run, side, ...(notice === undefined ? {} : { notice }) });
  return vscode.Uri.from({ scheme: TREE_SCHEME, path: `/${path}`, query });
}

/** Null for an address that is not one of ours. */
export function parseTreeUri(uri: Pick<vscodeTypes.Uri, 'scheme' | 'path' | 'query'>): TreeFile | null {
  if (uri.scheme !== TREE_SCHEME) return null;
  try {
    const parsed = Query.safeParse(JSON.parse(uri.query));
    return parsed.success ? { ...parsed.data, path: uri.path.slice(1) } : null;
  } catch {
    return null;
  }
}
