import type { Retention } from '../core/model/projectConfig.ts';
import type { GitRepository, RefEntry } from '../core/ports/git.ts';
import type { RunState } from '../core/run/state.ts';
import type { EngineDeps } from './deps.ts';
import type { FoundOrphan } from './foundOrphan.ts';
import { keptRefPrefix } from './keep.ts';

const DAY_MS = 86_400_000;
const MB = 1_000_000;

const daysText = (days: number): string => (days === 1 ? '1 day' : `${days} days`);

/**
 * What ended runs have left behind and the limits of reactor.yaml no longer cover, oldest first. Nothing of an open run, ever: its kept
 * states are what it goes back to. Kept nowhere else (INV-008): it goes only because a limit says so, and its name stands in the journal.
 */
export async function findPastLimits(deps: EngineDeps, open: readonly RunState[], retention: Retention): Promise<FoundOrphan[]> {
  const isOpen = new Set(open.map(({ run }) => run));
  const now = deps.clock.now();
  return [...(await keptRefs(deps, isOpen, retention.keptRefs, now)), ...(await logs(deps, isOpen, retention.logs, now))];
}

async function keptRefs(deps: EngineDeps, isOpen: ReadonlySet<string>, limit: Retention['keptRefs'], now: number): Promise<FoundOrphan[]> {
  const all = await deps.repository.listRefs(keptRefPrefix);
  const isOfOpen = ({ ref }: RefEntry): boolean => isOpen.has(ref.slice(keptRefPrefix.length).split('/')[0] ?? '');
  const newestFirst = all.filter((kept) => !isOfOpen(kept)).toSorted((a, b) => b.at - a.at);
  const fitting = await countWithin(deps.repository, newestFirst, all.filter(isOfOpen), limit.mb * MB);
  return newestFirst
    .flatMap(({ ref, oid, at }, index): FoundOrphan[] => {
      const isOld = now - at > limit.days * DAY_MS;
      const isBeyond = index >= limit.count;
      if (!isOld && !isBeyond && index < fitting) return [];
      return [
        {
          kind: 'keptRef',
          name: ref,
          why: `its run has ended; made ${new Date(at).toISOString().slice(0, 10)}`,
          keptIn: null,
          limit: isOld ? `older than ${daysText(limit.days)}` : `beyond the newest ${isBeyond ? limit.count : `${limit.mb} MB`}`,
          oid,
          remove: async () => (await deps.repository.deleteRef({ ref, expected: oid })).ok,
        },
      ];
    })
    .toReversed();
}

/** How many of the newest take no more than so many bytes together. What they share is counted once, so that it takes a few looks at the whole. */
async function countWithin(
  repository: Pick<GitRepository, 'diskUsage'>,
  newestFirst: readonly RefEntry[],
  others: readonly RefEntry[],
  bytes: number,
): Promise<number> {
  const beside = others.map(({ oid }) => oid);
  const fits = async (count: number): Promise<boolean> =>
    (await repository.diskUsage(
      newestFirst.slice(0, count).map(({ oid }) => oid),
      beside,
    )) <= bytes;
  if (newestFirst.length === 0 || (await fits(newestFirst.length))) return newestFirst.length;
  let most = 0;
  for (let tooMany = newestFirst.length; tooMany - most > 1; ) {
    const middle = Math.floor((most + tooMany) / 2);
    if (await fits(middle)) most = middle;
    else tooMany = middle;
  }
  return most;
}

async function logs(deps: EngineDeps, isOpen: ReadonlySet<string>, limit: Retention['logs'], now: number): Promise<FoundOrphan[]> {
  const newestFirst = (await deps.files.listOutputs()).filter(({ run }) => !isOpen.has(run)).toSorted((a, b) => b.at - a.at);
  let bytesSoFar = 0;
  return newestFirst
    .flatMap(({ run, at, bytes }, index): FoundOrphan[] => {
      bytesSoFar += bytes;
      const isOld = now - at > limit.days * DAY_MS;
      const isBeyond = index >= limit.count;
      if (!isOld && !isBeyond && bytesSoFar <= limit.mb * MB) return [];
      return [
        {
          kind: 'log',
          name: run,
          why: `output of commands, ${(bytes / MB).toFixed(1)} MB; the end of each is in the journal`,
          keptIn: null,
          limit: isOld ? `older than ${daysText(limit.days)}` : `beyond the newest ${isBeyond ? limit.count : `${limit.mb} MB`}`,
          remove: async () => {
            await deps.files.removeOutputs(run);
            return true;
          },
        },
      ];
    })
    .toReversed();
}
