import type { Retention } from '../core/model/projectConfig.ts';
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
  const newestFirst = all
    .filter(({ ref }) => !isOpen.has(ref.slice(keptRefPrefix.length).split('/')[0] ?? ''))
    .toSorted((a, b) => b.at - a.at);
  return newestFirst
    .flatMap(({ ref, oid, at }, index): FoundOrphan[] => {
      const isOld = now - at > limit.days * DAY_MS;
      if (!isOld && index < limit.count) return [];
      return [
        {
          kind: 'keptRef',
          name: ref,
          why: `its run has ended; made ${new Date(at).toISOString().slice(0, 10)}`,
          keptIn: null,
          limit: isOld ? `older than ${daysText(limit.days)}` : `beyond the newest ${limit.count}`,
          oid,
          remove: async () => (await deps.repository.deleteRef({ ref, expected: oid })).ok,
        },
      ];
    })
    .toReversed();
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
