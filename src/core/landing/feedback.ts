import type { CommandEvidence } from '../journal/events.ts';
import { testFeedback } from '../run/testFeedback.ts';

/** What the agent is told when its green change conflicts with the target. The diff is from the target to the merge with its markers. */
export function conflictFeedback(
  target: string,
  paths: readonly string[],
  diff: { readonly text: string; readonly truncated: boolean },
): string {
  return [
    `Your change passed its tests, but ${target} has changed meanwhile and the two conflict in: ${paths.join(', ')}.`,
    `The files now are ${target} as it is, with your change merged into it. Where the two conflict, the places are marked with <<<<<<<, ======= and >>>>>>>; the part above ======= is from ${target}, the part below is yours. Resolve every one of them so that both the changes of ${target} and your task hold, and leave no marker.`,
    `The conflicting files against ${target}:\n\n\`\`\`diff\n${diff.text.trimEnd()}\n\`\`\`${diff.truncated ? '\n(cut; see the files for the rest)' : ''}`,
  ].join('\n\n');
}

/** What the agent is told when its change merges cleanly and the tests of the merge fail. */
export function redMergeFeedback(target: string, evidence: CommandEvidence | null): string {
  return [
    `Your change passed its tests by itself, but ${target} has changed meanwhile and together with it the tests fail.`,
    `The files now are ${target} as it is, with your change merged into it. Make the tests pass without undoing the changes of ${target}.`,
    'The merge was tested without files that git ignores and that were made since you began: what the tests need must be in a file that git tracks.',
    ...(evidence === null ? [] : [testFeedback(evidence)]),
  ].join('\n\n');
}

/** What the agent is told when a person wants its green change to be another before it lands. @param more what `conflictFeedback` says, if it does */
export const commentFeedback = (target: string, comment: string, more: string | null): string =>
  [
    `Your change passed its tests, but it did not land on ${target}. A reviewer asks for changes to it:`,
    comment,
    more ?? `The files now are ${target} as it is, with your change merged into it.`,
  ].join('\n\n');

const quoted = (path: string): string => `'${path.replaceAll("'", "'\\''")}'`;

/** A shell command that fails, and says where, when one of the files still has conflict markers; paths are below the repository's top. */
export const markerCheck = (paths: readonly string[]): string =>
  `if (cd "$(git rev-parse --show-toplevel)" && grep -HnsE '^(<{7}|>{7}) ' -- ${paths.map(quoted).join(' ')}); then echo 'conflict markers are left'; exit 1; fi`;
