import type { ProtectedChange } from '../core/policy/protectedPaths.ts';
import { type AddedSecret, addedSecrets, namedSecrets } from '../core/policy/secrets/addedSecrets.ts';
import type { SecretGuard } from '../core/policy/secrets/secretGuard.ts';
import type { FileChange, GitRepository, Oid } from '../core/ports/git.ts';
import { type PatchFile, parsePatch } from '../core/projections/parsePatch.ts';

/** Of the added text of a candidate. */
const MOST_BYTES = 16 * 1024 * 1024;
/** Of a file that counts as binary and may be text all the same. */
const MOST_BYTES_OF_MARKED = 1024 * 1024;
/** Git takes files longer than this for binary, whatever is in them. */
const LONGEST_TEXT = 64 * 1024 * 1024;

export interface SecretsFound {
  readonly secrets: readonly AddedSecret[];
  /** What could not be looked through to its end, for a person to look at. */
  readonly unread: readonly ProtectedChange[];
}

interface Looking {
  readonly deps: { readonly repository: Pick<GitRepository, 'patch' | 'blobSizes'>; readonly secrets: Pick<SecretGuard, 'find'> };
  readonly state: { readonly spec: { readonly allowedSecrets?: readonly string[] | undefined } };
}

/**
 * Secrets that a candidate would bring in and the settings of the run do not allow. Of files that count as binary only those are looked at that
 * are short and text, UTF-16 too: attributes may say `-diff` of any text.
 */
export async function secretsIn(context: Looking, changes: readonly FileChange[], from: Oid, to: Oid): Promise<SecretsFound> {
  const [plain, marked] = await Promise.all([secretsInText(context, changes, from, to), secretsInMarked(context, changes, from, to)]);
  const given = changes.filter(({ status }) => status === 'added' || status === 'renamed').map(({ path }) => path);
  const named = namedSecrets(given, context.deps.secrets, context.state.spec.allowedSecrets ?? []);
  return { secrets: [...plain.secrets, ...marked.secrets, ...named], unread: [...plain.unread, ...marked.unread] };
}

async function secretsInMarked(context: Looking, changes: readonly FileChange[], from: Oid, to: Oid): Promise<SecretsFound> {
  const marked = changes.filter(({ added, status, newMode }) => added === null && status !== 'deleted' && newMode.startsWith('100'));
  if (marked.length === 0) return { secrets: [], unread: [] };
  const { repository, secrets } = context.deps;
  const sizes = await repository.blobSizes(marked.map(({ newOid }) => newOid));
  const paths = marked.filter(({ newOid }) => (sizes.get(newOid) ?? Infinity) <= MOST_BYTES_OF_MARKED).map(({ path }) => path);
  const unread = marked
    .filter(({ newOid }) => (sizes.get(newOid) ?? 0) > LONGEST_TEXT)
    .map(({ path }) => ({ path, why: 'is too long to be looked through for secrets' }));
  if (paths.length === 0) return { secrets: [], unread };
  const { text } = await repository.patch({ from, to, paths, maxBytes: MOST_BYTES, asText: true });
  return { secrets: addedSecrets(parsePatch(text).flatMap(asText), secrets, context.state.spec.allowedSecrets ?? []), unread };
}

/** Of the characters of UTF-16 text in a Latin alphabet nearly half are zero; in other files that count as binary far less, or none. */
const LEAST_ZEROS = 0.3;

/** A file that is text although it counts as binary, UTF-16 without its zeros; nothing for one that is none. */
function asText(file: PatchFile): PatchFile[] {
  const lines = file.hunks.flatMap((hunk) => hunk.lines);
  const length = lines.reduce((sum, line) => sum + line.length, 0);
  const zeros = lines.reduce((sum, line) => sum + line.split('\0').length - 1, 0);
  if (zeros === 0) return [file];
  if (zeros < length * LEAST_ZEROS) return [];
  return [{ ...file, hunks: file.hunks.map((hunk) => ({ ...hunk, lines: hunk.lines.map((line) => line.replaceAll('\0', '')) })) }];
}

async function secretsInText(context: Looking, changes: readonly FileChange[], from: Oid, to: Oid): Promise<SecretsFound> {
  const texts = changes.filter(({ added }) => added !== null && added > 0);
  if (texts.length === 0) return { secrets: [], unread: [] };
  // No list of paths unless something is left out: a command line has a limit, and most changes are text.
  const paths =
    texts.length === changes.length
      ? {}
      : { paths: texts.flatMap(({ path, oldPath }) => [path, ...(oldPath === undefined ? [] : [oldPath])]) };
  const patch = await context.deps.repository.patch({ from, to, ...paths, maxBytes: MOST_BYTES });
  const files = parsePatch(patch.text);
  const largest = texts.reduce((a, b) => ((b.added ?? 0) > (a.added ?? 0) ? b : a));
  return {
    secrets: addedSecrets(files, context.deps.secrets, context.state.spec.allowedSecrets ?? []),
    unread: patch.truncated
      ? [{ path: largest.path, why: 'makes the change too long to be looked through for secrets' }]
      : partlyRead(texts, files).map(({ path }) => ({ path, why: 'could not be looked through for secrets to its end' })),
  };
}

/** Files to which git counts more added lines than were read of them: what was not seen may not pass for clean. */
function partlyRead(changes: readonly FileChange[], files: readonly PatchFile[]): FileChange[] {
  const read = new Map<string, number>();
  // A file that becomes a link, or the other way round, stands in a patch twice.
  for (const { path, added } of files) read.set(path, (read.get(path) ?? 0) + added);
  return changes.filter(({ path, added }) => (read.get(path) ?? 0) < (added ?? 0));
}
