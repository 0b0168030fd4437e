import { systemClock } from '../../../src/adapters/clock/systemClock.ts';
import { SeededRandom } from '../../support/seededRandom.ts';
import { ChaosWorld, type Target, targets } from './world.ts';

/** Kills after which each kind has to have been hit. */
const ENOUGH_FOR_ALL = 60;

export interface CampaignResult {
  readonly kills: Readonly<Record<Target, number>>;
  readonly missed: number;
  readonly problems: readonly string[];
  readonly ended: Readonly<Record<string, number>>;
  readonly calls: number;
  readonly uncharged: number;
  readonly durationMs: number;
}

/**
 * Kills that many processes at random moments, each drawn from the seed, and looks after each one at what is there. Every `restEvery`
 * kills all runs are let come to an end, after which nothing may be half done. A run that does not end as its script says is a problem, too.
 */
export async function campaign(options: {
  readonly seed: number;
  readonly kills: number;
  readonly restEvery: number;
  readonly tell: (line: string) => void;
  /** Folder for journals and logs when something was wrong. */
  readonly evidence: string;
}): Promise<CampaignResult> {
  const { seed, tell } = options;
  const world = await ChaosWorld.open(new SeededRandom(seed), options);
  const started = systemClock.monotonic();
  const kills: Record<Target, number> = { engine: 0, server: 0, test: 0, git: 0, warden: 0 };
  const problems: string[] = [];
  let done = 0;
  let missed = 0;
  const found = (where: string, some: readonly string[]): void => {
    for (const problem of some) {
      tell(`PROBLEM ${where}: ${problem}`);
      problems.push(`${where}: ${problem}`);
    }
  };
  try {
    world.begin();
    while (done < options.kills && problems.length < 20) {
      const killed = await world.kill();
      if (killed === null) {
        missed += 1;
        continue;
      }
      done += 1;
      kills[killed.target] += 1;
      tell(`${done} ${killed.target} ${killed.pid} after ${killed.entries} entries and ${killed.afterMs} ms`);
      found(`after kill ${done} (${killed.target})`, await world.problems());
      if (done % options.restEvery !== 0 || done === options.kills) continue;
      found(`at rest after kill ${done}`, await world.rest());
      tell(`at rest: ${JSON.stringify(world.summary())}`);
      world.begin();
    }
    found('at the end', await world.rest());
    // A look that never finds a server would find no orphan either.
    const never = targets.filter((target) => kills[target] === 0);
    if (done >= ENOUGH_FOR_ALL)
      found(
        'in all',
        never.map((target) => `no ${target} was ever found to be killed`),
      );
    if (!world.hasSeenServers) found('in all', ['no agent server was ever seen: the look at processes is blind']);
    if (problems.length > 0) tell(`journals and logs are kept in ${world.keepEvidence()}`);
    const summary = world.summary();
    return { kills, missed, problems, ...summary, durationMs: Math.round(systemClock.monotonic() - started) };
  } finally {
    await world.close().catch((error: unknown) => found('at the very end', [String(error)]));
  }
}

export const killsText = (kills: CampaignResult['kills']): string => targets.map((target) => `${target} ${kills[target]}`).join(', ');
