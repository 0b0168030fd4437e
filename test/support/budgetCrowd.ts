import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { openSpending } from '../../src/adapters/journal/openSpending.ts';
import { silentLog } from '../../src/base/log.ts';
import { type EventType, event } from '../../src/core/journal/events.ts';
import { MemoryJournal } from '../../src/core/journal/memoryJournal.ts';
import { UserMoney } from '../../src/core/model/moneySettings.ts';
import { defaultConfig } from '../../src/core/model/projectConfig.ts';
import { addUsd, type Usd } from '../../src/core/model/usd.ts';
import type { Charge } from '../../src/core/money/charge.ts';
import { SecretGuard } from '../../src/core/policy/secrets/secretGuard.ts';
import type { AgentClient, FinishedMessage } from '../../src/core/ports/agent.ts';
import type { AppendRequest, Journal } from '../../src/core/ports/journal.ts';
import type { Spending } from '../../src/core/ports/spending.ts';
import { evolveRun } from '../../src/core/run/evolve.ts';
import type { RunState } from '../../src/core/run/state.ts';
import type { ApprovalDesk } from '../../src/engine/approvalDesk.ts';
import { BudgetKeeper } from '../../src/engine/budgetKeeper.ts';
import { Ledger } from '../../src/engine/ledger.ts';
import { type EngineContext, RunContext } from '../../src/engine/runContext.ts';
import { RunMoney } from '../../src/engine/runMoney.ts';
import { ManualClock } from './cli/manualClock.ts';
import { specOf } from './runStory.ts';
import type { SeededRandom } from './seededRandom.ts';

/** A call of one size: 1,000 tokens of input and 50 of output at $3 and $15 per million. */
export const CALL_USD: Usd = '0.00375';
const NOW = Date.UTC(2026, 4, 4, 12);
const rates = { input: '3', output: '15', reasoning: '15', cacheRead: '3', cacheWrite: '3' };
const facts = { provider: 'scripted', model: 'm1', rates, tiers: [], contextTokens: 64_000, outputTokens: 100 };
const client = { modelFacts: async () => facts } as unknown as AgentClient;

/** How a run ended, and how often a budget broke its turn off before. */
export interface Played {
  readonly end: 'done' | 'parked';
  readonly brokenOff: number;
}

/** Runs of one engine under budgets, with its real keeper of money; when anything gets its turn is a matter of the seed. */
export class BudgetCrowd {
  readonly ledger: Ledger;
  readonly journal: Journal;
  readonly keeper: BudgetKeeper;
  readonly #clock = new ManualClock(NOW);
  readonly #random: SeededRandom;
  readonly #spending: Spending;
  readonly #context: EngineContext;
  #config = defaultConfig();
  #messages = 0;
  /** What every last call of an attempt waits for. */
  gate: Promise<void> = Promise.resolve();

  constructor(folder: string, random: SeededRandom) {
    this.#random = random;
    const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
    this.journal = this.#slowed(new MemoryJournal({ evolve: evolveRun, hash }));
    this.#spending = openSpending({
      file: join(folder, 'spending.db'),
      repository: 'shop',
      process: { pid: 1, startTime: '1' },
      isAlive: () => true,
      now: () => NOW,
    });
    const deps = {
      clock: this.#clock,
      log: silentLog,
      secrets: new SecretGuard([], hash),
      journal: this.journal,
      project: { config: async () => ({ config: this.#config, file: null }) },
      repository: { facts: { topLevel: '/shop', commonDir: '/shop/.git' } },
      money: {
        spending: this.#spending,
        notifier: { notify: () => {} },
        userSettings: async () => UserMoney.parse({}),
        dayOf: (at: number) => new Date(at).toISOString().slice(0, 10),
      },
    } as unknown as EngineContext['deps'];
    this.ledger = new Ledger(deps);
    this.keeper = new BudgetKeeper(deps, this.ledger);
    this.#context = { deps, ledger: this.ledger, budgets: this.keeper } as unknown as EngineContext;
  }

  budget(budgets: Partial<ReturnType<typeof defaultConfig>['budgets']>): void {
    this.#config = { ...defaultConfig(), budgets: { ...defaultConfig().budgets, ...budgets } };
  }

  async request(run: string, task = run, priority = 0): Promise<void> {
    const queue = { submission: 's', priority, parallel: null, after: [], baseName: null };
    await this.ledger.append(run, 'person:ann', event('run/requested', { run, spec: specOf({ task, model: 'scripted/m1', queue }) }));
  }

  /** Runs that were told of something, in that order. */
  told(type: EventType): readonly string[] {
    return this.journal.read({ types: [type], limit: 10_000 }).map(({ run }) => run ?? '');
  }

  /** Attempts of two calls each, until one is done or the run is parked. @param size of a call, as a multiple of `CALL_USD` */
  async play(run: string, size: () => number = () => 1): Promise<Played> {
    const money = this.money(run);
    const { signal } = new AbortController();
    for (let brokenOff = 0; ; brokenOff += 1) {
      await this.#turns();
      if (!(await money.reserve(client, signal))) return { end: 'parked', brokenOff };
      const attempt = this.#state(run).attempts.length + 1;
      await this.ledger.append(run, 'engine', event('attempt/started', { attempt, prompt: 'Fix it.', because: 'first' }));
      await this.#turns();
      await money.record(attempt, this.message('tool-calls', size()));
      const stop = await money.afterCall(attempt);
      if (stop === null) {
        await this.gate;
        await this.#turns();
        await money.record(attempt, this.message('stop', size()));
      }
      await this.#turns();
      await money.settle();
      const end = stop === null ? ({ end: 'done' } as const) : ({ end: 'limit', ...stop } as const);
      await this.ledger.append(run, 'engine', event('attempt/executed', { attempt, ...end, steps: 2, durationMs: 5 }));
      if (stop === null) return { end: 'done', brokenOff };
    }
  }

  /** Plays them side by side; time passes while they wait. */
  async playAll(runs: readonly string[], size?: () => number): Promise<readonly Played[]> {
    let isOver = false;
    const all = Promise.all(runs.map((run) => this.play(run, size))).finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#clock.timers > 0) this.#clock.advance(1000);
    }
    return all;
  }

  /** What all runs together were charged. */
  get spentUsd(): Usd {
    return this.journal
      .read({ types: ['charge/recorded'], limit: 10_000 })
      .reduce((sum, { data }) => addUsd(sum, (data as { charge: Charge }).charge.costUsd ?? '0'), '0');
  }

  /** What is still set aside. */
  get heldUsd(): Usd {
    return this.#spending.look((money) => money.held('everything'));
  }

  close(): void {
    this.ledger.dispose();
    this.#spending.close();
    this.journal.close();
  }

  #state(run: string): RunState {
    return this.ledger.expect(run);
  }

  /** The money of one run. @param desk where it asks a person, if it does. */
  money(run: string, desk: Pick<ApprovalDesk, 'request'> = {} as ApprovalDesk): RunMoney {
    return new RunMoney(new RunContext(run, this.#context), desk as ApprovalDesk);
  }

  message(finish: string, size: number): FinishedMessage {
    this.#messages += 1;
    const messageId = `m${this.#messages}`;
    const tokens = { input: 1000 * size, output: 50 * size, reasoning: 0, cacheRead: 0, cacheWrite: 0 };
    return {
      messageId,
      sessionId: 's',
      subagent: false,
      agent: 'build',
      provider: 'scripted',
      model: 'm1',
      operation: 'prompt',
      calls: [{ key: `${messageId}/0`, tokens, isReported: true, isRepeated: false, reportedUsd: null, answerChars: 0 }],
      facts,
      text: '',
      tools: [],
      finish,
      error: null,
      startedAt: NOW,
      endedAt: NOW,
    };
  }

  /** Lets others go before. */
  async #turns(): Promise<void> {
    for (let n = this.#random.below(6); n > 0; n -= 1) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Entries are stored at once, and it is heard of them in their order, but a moment later. */
  #slowed(inner: MemoryJournal): Journal {
    let before: Promise<unknown> = Promise.resolve();
    const append = async (request: AppendRequest) => {
      const stored = await inner.append(request);
      const mine = before.then(() => this.#turns());
      before = mine;
      await mine;
      return stored;
    };
    return new Proxy(inner, {
      get: (target, name) => {
        if (name === 'append') return append;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }
}
