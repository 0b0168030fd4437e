import { ok } from '../../base/result.ts';
import type { CommitRequest, GitResult, MergeOutcome, Oid } from '../../core/ports/git.ts';
import type { GitCall, GitOutput } from './gitCommand.ts';
import { refusalOf, refuse } from './gitRefusals.ts';
import { nulFields } from './nulFields.ts';
import { treeOf } from './refs.ts';
import { onRepository, type RepositoryContext } from './repositoryContext.ts';

const OWN_IDENTITY = {
  GIT_AUTHOR_NAME: 'Reactor',
  GIT_AUTHOR_EMAIL: 'reactor@localhost',
  GIT_COMMITTER_NAME: 'Reactor',
  GIT_COMMITTER_EMAIL: 'reactor@localhost',
};
const NO_IDENTITY = /user\.useConfigOnly|Please tell me who you are|empty ident name|unable to auto-detect|no (email|name) was given/i;

/** Of gpg, of ssh-keygen, and of git itself when it finds neither program nor key. */
const NO_SIGNATURE = /\bsign(ing|ed|ature)?\b|gpg|ssh-keygen|signingkey/i;

/** Writes a commit object; no hook runs, no ref moves. An identity guessed from the machine's name counts as none. */
export async function writeCommit(context: RepositoryContext, request: CommitRequest, signal?: AbortSignal): Promise<GitResult<Oid>> {
  const call = (sign: boolean): GitCall =>
    onRepository(
      context,
      [
        ...['-c', 'user.useConfigOnly=true', '-c', 'i18n.commitEncoding=UTF-8', 'commit-tree'],
        ...(sign ? ['-S'] : ['--no-gpg-sign']),
        ...request.parents.flatMap((parent) => ['-p', parent]),
        ...['-F', '-', request.tree],
      ],
      { input: request.message.endsWith('\n') ? request.message : `${request.message}\n` },
    );
  const write = async (sign: boolean): Promise<GitOutput> => {
    const output = await context.git.run(call(sign), signal);
    const hasIdentity = output.exitCode === 0 || !NO_IDENTITY.test(output.stderr);
    return hasIdentity ? output : context.git.run({ ...call(sign), env: OWN_IDENTITY }, signal);
  };
  // Most people sign nothing. Where they do, the one without a signature is an object that nothing names.
  const [sign, unsigned] = await Promise.all([request.sign && wantsSignature(context, signal), write(false)]);
  const output = sign ? await write(true) : unsigned;
  if (output.exitCode === 0) return ok(output.stdout.trim());
  const refusal = refusalOf(output);
  return sign && NO_SIGNATURE.test(output.stderr) ? refuse('unsigned', refusal.error.message) : refusal;
}

/** Name and address as git would write them; null when it has none. */
export async function identity(context: RepositoryContext, signal?: AbortSignal): Promise<string | null> {
  const output = await context.git.run(onRepository(context, ['-c', 'user.useConfigOnly=true', 'var', 'GIT_AUTHOR_IDENT']), signal);
  return output.exitCode === 0 ? output.stdout.replace(/ \d+ [+-]\d+\s*$/, '') : null;
}

async function wantsSignature(context: RepositoryContext, signal?: AbortSignal): Promise<boolean> {
  const output = await context.git.run(onRepository(context, ['config', '--type=bool', '--get', 'commit.gpgsign']), signal);
  return output.exitCode === 0 && output.stdout.trim() === 'true';
}

export async function commitsWithTrailer(
  context: RepositoryContext,
  range: { readonly base: Oid | null; readonly tip: Oid },
  trailer: { readonly key: string; readonly value: string },
  signal?: AbortSignal,
): Promise<readonly Oid[]> {
  if (!/^[A-Za-z0-9-]+$/.test(trailer.key)) throw new Error(`not a trailer key: ${trailer.key}`);
  // Unfolded values hold no newline, so each commit is one line.
  const format = `--format=%H%x00%(trailers:key=${trailer.key},valueonly,unfold,separator=%x00)`;
  const args = ['log', '--no-show-signature', '--no-color', '--topo-order', format, '--end-of-options', range.tip];
  if (range.base !== null) args.push(`^${range.base}`);
  const found: Oid[] = [];
  for (const line of (await context.git.text(onRepository(context, args), signal)).split('\n')) {
    const [oid, ...values] = line.split('\0');
    if (oid !== undefined && oid !== '' && values.includes(trailer.value)) found.push(oid);
  }
  return found;
}

/** Commits of the same trees that have nothing but `base` in common: from Git 2.40 on it can be told, and before it compares with what there is in common. */
async function standIns(
  context: RepositoryContext,
  { ours, theirs, base }: { readonly ours: Oid; readonly theirs: Oid; readonly base?: Oid | undefined },
  signal?: AbortSignal,
): Promise<GitResult<{ readonly ours: Oid; readonly theirs: Oid }>> {
  if (base === undefined) return ok({ ours, theirs });
  const standIn = async (commit: Oid, parents: readonly Oid[]): Promise<GitResult<Oid>> =>
    writeCommit(context, { tree: await treeOf(context, commit, signal), parents, message: `Stands for ${commit}\n`, sign: false }, signal);
  const root = await standIn(base, []);
  if (!root.ok) return root;
  const [a, b] = await Promise.all([standIn(ours, [root.value]), standIn(theirs, [root.value])]);
  if (!a.ok) return a;
  return b.ok ? ok({ ours: a.value, theirs: b.value }) : b;
}

/** Three-way merge of two commits, all in the object database. */
export async function mergeTrees(
  context: RepositoryContext,
  request: { readonly ours: Oid; readonly theirs: Oid; readonly base?: Oid | undefined; readonly unrelated?: boolean },
  signal?: AbortSignal,
): Promise<GitResult<MergeOutcome>> {
  const { unrelated = false } = request;
  const standing = await standIns(context, request, signal);
  if (!standing.ok) return standing;
  const { ours, theirs } = standing.value;
  const options = ['--write-tree', '-z', '--name-only', '--messages', ...(unrelated ? ['--allow-unrelated-histories'] : [])];
  const args = ['merge-tree', ...options, '--end-of-options', ours, theirs];
  const output = await context.git.run(onRepository(context, args), signal);
  if (output.exitCode !== 0 && output.exitCode !== 1) return refusalOf(output);
  const [tree, ...rest] = nulFields(output.stdout);
  if (tree === undefined || tree === '') return refusalOf(output);
  if (output.exitCode === 0) return ok({ kind: 'clean', tree });
  const end = rest.indexOf('');
  const paths = end < 0 ? rest : rest.slice(0, end);
  return ok({ kind: 'conflicts', tree, paths: [...new Set(paths)], message: messages(end < 0 ? [] : rest.slice(end + 1)) });
}

/** The informational part: number of paths, the paths, a kind, and the text, again and again. */
function messages(fields: readonly string[]): string {
  const texts: string[] = [];
  for (let at = 0; at < fields.length; ) {
    const count = Number(fields[at]);
    if (!Number.isInteger(count)) break;
    const kind = fields[at + count + 1] ?? '';
    const text = fields[at + count + 2];
    if (text !== undefined && kind !== 'Auto-merging') texts.push(text.trim());
    at += count + 3;
  }
  return texts.join('\n');
}
