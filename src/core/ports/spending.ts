import type { Usd } from '../model/usd.ts';
import type { ProcessIdentity } from './processes.ts';

/** What has been spent and set aside, seen from inside one transaction. */
export interface SharedMoney {
  /** Spent from day to day, both included, by this repository or by all. */
  spent(of: 'repository' | 'everything', from: string, to: string): Usd;
  /** Set aside for other prompts than the one that asks, by live engines. @param keys of this repository, where only those are meant */
  held(of: 'repository' | 'everything', keys?: ReadonlySet<string>): Usd;
}

/**
 * Money of all repositories of one person, shared by every engine: sums by day, and what is set aside for prompts that are under way. The journals stay
 * the truth; this is what many processes can look at in one transaction.
 */
export interface Spending {
  /** Sequence number of the last journal entry of this repository that has been counted. */
  cursor(): number;
  /**
   * Adds charges of this repository's journal up to entry `cursor`. One that was counted before is not counted again.
   * @param paidBy what was set aside under this key pays for them: it becomes less by as much in the same transaction, so that nobody sees an amount as
   * spent and as set aside
   */
  count(charges: readonly { readonly key: string; readonly day: string; readonly usd: Usd }[], cursor: number, paidBy?: string): void;
  look<T>(read: (money: SharedMoney) => T): T;
  /**
   * Sets money aside under a key, in place of what was set aside under it before, or changes nothing when `decide` returns null. No other process can come
   * between what `decide` sees and what is set aside.
   */
  hold(key: string, decide: (money: SharedMoney) => Usd | null): void;
  release(key: string): void;
  /** Gives back all that this repository's engines of before had set aside. @returns the keys */
  releaseAll(): readonly string[];
  /** True once for a text, whoever asks. */
  tellOnce(what: string): boolean;
  close(): void;
}

/** Whose reservations count: those of processes that live. */
export type IsAlive = (process: ProcessIdentity) => boolean;
