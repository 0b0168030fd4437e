/** Something about money that people or their systems want to hear at once. Amounts are decimal text in US dollars. */
export interface MoneyNotice {
  readonly kind: 'threshold' | 'exceeded';
  readonly at: number;
  readonly repository: string;
  readonly run: string;
  readonly task: string;
  readonly budget: { readonly over: string; readonly of: string; readonly period: string | null };
  readonly percent: number | null;
  readonly limitUsd: string;
  readonly spentUsd: string;
  /** What happens to the run: pause, stop, warn; null when nothing does. */
  readonly action: string | null;
}

/** Sends notices to an address. Returns at once; what can't be delivered is given up after a while and logged, and nothing waits for it. */
export interface Notifier {
  /** @param to.secretEnv name of the environment variable with the secret to sign by; null: not signed */
  notify(to: { readonly url: string; readonly secretEnv: string | null }, notice: MoneyNotice): void;
}
