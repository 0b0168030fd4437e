import * as z from 'zod/mini';
import { type HunkSelection, rejections, selectionOf } from './hunkSelection.ts';

/** What a person has begun in a review and not sent. The editor keeps it with the panel, so that it outlives a page that was hidden. */
export const ReviewWork = z.object({
  /** Parts of a run's candidate that are to be left out. */
  rejected: z.array(
    z.object({
      run: z.string(),
      tree: z.string(),
      files: z.array(z.object({ path: z.string(), hunks: z.nullable(z.array(z.number())) })),
    }),
  ),
  /** Comments that are half written, each on a line, from 0, of a run's candidate. */
  drafts: z.array(z.object({ run: z.string(), tree: z.string(), path: z.string(), line: z.number(), body: z.string() })),
});
export type ReviewWork = z.infer<typeof ReviewWork>;

export type Draft = ReviewWork['drafts'][number];
type Candidate = Pick<Draft, 'run' | 'tree'>;
type Place = Omit<Draft, 'body'>;

export const noWork: ReviewWork = { rejected: [], drafts: [] };

/** Of each kind. The oldest goes first. */
const mostKept = 50;

const isOf = (one: Candidate, { run, tree }: Candidate): boolean => one.run === run && one.tree === tree;
const isAt = (one: Place, place: Place): boolean => isOf(one, place) && one.path === place.path && one.line === place.line;

/** A text that tells places apart. */
export const placeKey = ({ run, tree, path, line }: Place): string => JSON.stringify([run, tree, path, line]);

/** What is left out of a candidate. */
export const chosenIn = ({ rejected }: ReviewWork, candidate: Candidate): HunkSelection =>
  selectionOf(rejected.find((one) => isOf(one, candidate))?.files ?? []);

/** With another choice for a candidate. */
export function withChoice(work: ReviewWork, { run, tree }: Candidate, selection: HunkSelection): ReviewWork {
  const others = work.rejected.filter((one) => !isOf(one, { run, tree }));
  const files = rejections(selection);
  return { ...work, rejected: files.length === 0 ? others : [...others, { run, tree, files }].slice(-mostKept) };
}

/** With what a comment says by now; '' is none. */
export function withDraft(work: ReviewWork, place: Place, body: string): ReviewWork {
  const others = work.drafts.filter((one) => !isAt(one, place));
  return { ...work, drafts: body.trim() === '' ? others : [...others, { ...place, body }].slice(-mostKept) };
}

export const draftAt = ({ drafts }: ReviewWork, place: Place): string => drafts.find((one) => isAt(one, place))?.body ?? '';

/** What was begun on other candidates of a run than the one that waits for review, and can't be sent any more. */
export const leftBehind = ({ rejected, drafts }: ReviewWork, run: string, reviewTree: string | null): ReviewWork => ({
  rejected: rejected.filter((one) => one.run === run && one.tree !== reviewTree),
  drafts: drafts.filter((one) => one.run === run && one.tree !== reviewTree),
});

/** Without these. */
export const without = (work: ReviewWork, gone: ReviewWork): ReviewWork => ({
  rejected: work.rejected.filter((one) => !gone.rejected.includes(one)),
  drafts: work.drafts.filter((one) => !gone.drafts.includes(one)),
});
