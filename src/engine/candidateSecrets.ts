import type { ProtectedChange } from '../core/policy/protectedPaths.ts';
import { type AddedSecret, addedSecrets } from '../core/policy/secrets/addedSecrets.ts';
import type { FileChange, Oid } from '../core/ports/git.ts';
import type { RunContext } from './runContext.ts';

/** Of the added text of a candidate. */
const MOST_BYTES = 16 * 1024 * 1024;

export interface SecretsFound {
  readonly secrets: readonly AddedSecret[];
  /** What could not be looked through to its end, for a person to look at. */
  readonly unread: readonly ProtectedChange[];
}

/** Secrets that a candidate would bring in and the settings of the run do not allow. Binary files are left out. */
export async function secretsIn(context: RunContext, changes: readonly FileChange[], from: Oid, to: Oid): Promise<SecretsFound> {
  const texts = changes.filter(({ added }) => added !== null && added > 0);
  if (texts.length === 0) return { secrets: [], unread: [] };
  // No list of paths unless something is left out: a command line has a limit, and most changes are text.
  const paths =
    texts.length === changes.length
      ? {}
      : { paths: texts.flatMap(({ path, oldPath }) => [path, ...(oldPath === undefined ? [] : [oldPath])]) };
  const patch = await context.deps.repository.patch({ from, to, ...paths, maxBytes: MOST_BYTES });
  const largest = texts.reduce((a, b) => ((b.added ?? 0) > (a.added ?? 0) ? b : a));
  return {
    secrets: addedSecrets(patch.text, context.deps.secrets, context.state.spec.allowedSecrets ?? []),
    unread: patch.truncated ? [{ path: largest.path, why: 'makes the change too long to be looked through for secrets' }] : [],
  };
}
