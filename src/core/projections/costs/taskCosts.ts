import { addUsd, subtractUsd, type Usd, zeroUsd } from '../../model/usd.ts';
import { type Charge, modelOf, type Operation } from '../../money/charge.ts';
import { type CostLine, costLines, type UnitPrices } from '../../money/unitPrices.ts';
import type { AttemptState, RunState } from '../../run/state.ts';
import { statusOf } from '../runResult.ts';
import type { CostSum } from './costSum.ts';
import { sumOfCharges } from './sumOfCharges.ts';

/** Calls of one attempt that were charged at the same prices, with the arithmetic of their cost. */
export interface ChargeGroup {
  readonly model: string;
  /** How many calls there were of each kind, the most frequent first. */
  readonly operations: readonly (readonly [Operation, number])[];
  readonly sum: CostSum;
  readonly price: UnitPrices | null;
  /** Tokens × unit price = amount; empty where no unit price is known. */
  readonly lines: readonly CostLine[];
  /** What the charges say beyond the lines: 0 unless prices finer than six places were rounded charge by charge. */
  readonly roundingUsd: Usd;
}

export interface AttemptTree {
  readonly attempt: number;
  /** reverted, interrupted, committed, waits or open. */
  readonly outcome: string;
  readonly durationMs: number;
  readonly sum: CostSum;
  readonly groups: readonly ChargeGroup[];
}

export interface RunTree {
  readonly run: string;
  readonly status: string;
  /** Failed for programs, but it was a person who did not want it. */
  readonly rejected?: true;
  readonly startedAt: number | null;
  /** From its start to its end, time spent waiting for a person included. */
  readonly durationMs: number;
  readonly sum: CostSum;
  readonly attempts: readonly AttemptTree[];
}

/** What one task cost, down to the arithmetic. */
export interface TaskTree {
  readonly task: string;
  readonly title: string;
  readonly sum: CostSum;
  readonly runs: readonly RunTree[];
}

/** @param runs the task's runs, oldest first, at least one; @param charges of these runs, each in order */
export function taskTree(runs: readonly RunState[], charges: ReadonlyMap<string, readonly Charge[]>, now: number): TaskTree {
  const last = runs.at(-1);
  if (last === undefined) throw new RangeError('a task has runs');
  const trees = runs.map((state) => runTree(state, charges.get(state.run) ?? [], now));
  const all = runs.flatMap(({ run }) => charges.get(run) ?? []);
  return { task: last.task, title: last.spec.title, sum: sumOfCharges(all), runs: trees };
}

function runTree(state: RunState, charges: readonly Charge[], now: number): RunTree {
  const end = state.endedAt ?? now;
  const attempts = state.attempts.map((attempt, index): AttemptTree => {
    const own = charges.filter((charge) => charge.attempt === attempt.attempt);
    const until = attempt.closed?.at ?? state.attempts[index + 1]?.startedAt ?? end;
    return {
      attempt: attempt.attempt,
      outcome: outcomeOf(attempt, state),
      durationMs: Math.max(0, until - attempt.startedAt),
      sum: sumOfCharges(own),
      groups: groupsOf(own),
    };
  });
  const startedAt = state.startedAt;
  const durationMs = startedAt === null ? 0 : Math.max(0, end - startedAt);
  const ended = { status: statusOf(state), ...(state.concluded?.rejected === true ? { rejected: true as const } : {}) };
  return { run: state.run, ...ended, startedAt, durationMs, sum: sumOfCharges(charges), attempts };
}

function outcomeOf(attempt: AttemptState, state: RunState): string {
  if (attempt.closed !== null) return attempt.closed.how;
  if (attempt.commit !== null) return 'committed';
  return state.parked !== null || state.pending.length > 0 ? 'waits' : 'open';
}

function groupsOf(charges: readonly Charge[]): ChargeGroup[] {
  const groups = new Map<string, Charge[]>();
  for (const charge of charges) {
    const key = `${modelOf(charge)} ${charge.estimated} ${charge.costUsd === null} ${JSON.stringify(charge.price)}`;
    groups.set(key, [...(groups.get(key) ?? []), charge]);
  }
  return [...groups.values()].map(groupOf);
}

function groupOf(charges: readonly Charge[]): ChargeGroup {
  const first = charges[0];
  if (first === undefined) throw new RangeError('a group has charges');
  const sum = sumOfCharges(charges);
  const counts = new Map<Operation, number>();
  for (const { operation } of charges) counts.set(operation, (counts.get(operation) ?? 0) + 1);
  const lines = first.price === null || first.costUsd === null ? [] : costLines(sum.tokens, first.price);
  const reckoned = lines.reduce((total, { usd }) => addUsd(total, usd), zeroUsd);
  return {
    model: modelOf(first),
    operations: [...counts].sort((a, b) => b[1] - a[1]),
    sum,
    price: first.price,
    lines,
    roundingUsd: lines.length === 0 ? zeroUsd : subtractUsd(sum.usd, reckoned),
  };
}
