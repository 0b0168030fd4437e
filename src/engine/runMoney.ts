import { errorText } from '../base/log.ts';
import { event } from '../core/journal/events.ts';
import { categoryOf } from '../core/model/category.ts';
import { exitCodes } from '../core/model/exitCodes.ts';
import { totalTokens } from '../core/model/tokens.ts';
import { addUsd, maxUsd, subtractUsd, type Usd, zeroUsd } from '../core/model/usd.ts';
import { type Admission, admit, afterMoreUrgent, goOn, isShared, type LimitState, mayStart, type Need } from '../core/money/admission.ts';
import { type Charge, modelOf } from '../core/money/charge.ts';
import { attemptCosts, likelyCost } from '../core/money/likelyCost.ts';
import { refusalText } from '../core/money/limitText.ts';
import { chargesOfMessage, inputOf } from '../core/money/messageCharges.ts';
import type { ModelFacts, Rates } from '../core/money/modelFacts.ts';
import { dayAfter } from '../core/money/periods.ts';
import { priceOf } from '../core/money/priceBook.ts';
import type { AgentClient, FinishedMessage } from '../core/ports/agent.ts';
import { composePrompt } from '../core/run/composePrompt.ts';
import { currentAttempt, UNPRICED } from '../core/run/state.ts';
import type { ApprovalDesk } from './approvalDesk.ts';
import type { BudgetKeeper, RunRules } from './budgetKeeper.ts';
import { journaledMessage } from './journaledMessage.ts';
import type { RunContext } from './runContext.ts';

/** Runs looked at for what attempts usually cost. */
const HISTORY_RUNS = 40;
const PAGE = 1000;

/** Why a turn that is under way has to stop. */
export interface MoneyStop {
  readonly limit: 'budget' | 'budgetStop';
  readonly reason: string;
}

/** Keys of what is in the journal already. */
interface Recorded {
  readonly messages: Set<string>;
  readonly charges: Set<string>;
  /** Tokens of the last call of each conversation: what the next one sends at least. */
  readonly context: Map<string, number>;
  /** What the server asked for each model, as the charges tell: the basic prices. */
  readonly rates: Map<string, Rates>;
}

/** The money of one run: admits its prompts, records its charges, each once, and says when its turn must stop. */
export class RunMoney {
  readonly #context: RunContext;
  readonly #keeper: BudgetKeeper;
  readonly #desk: ApprovalDesk;
  readonly #unpriced = new Set<string>();
  #recorded: Recorded | null = null;
  #isReconciled = false;
  #rules: RunRules | null = null;
  /** What is set aside for the turn and not yet spent. */
  #held: { readonly attempt: number; readonly usd: Usd } | null = null;
  /** The dearest call so far: what the next one may cost. */
  #dearest: Usd = zeroUsd;
  #spent: Usd = zeroUsd;

  constructor(context: RunContext, desk: ApprovalDesk) {
    this.#context = context;
    this.#keeper = context.engine.budgets;
    this.#desk = desk;
  }

  /**
   * Waits until money may be left for the run, before anything is made for it. False when it was parked or ended instead.
   * @param onWait called when it has to wait, each time it looks.
   */
  async mayBoot(signal: AbortSignal, onWait: () => void): Promise<boolean> {
    const { state } = this.#context;
    if (!this.#keeper.isBounded(state, await this.#keeper.rules(state))) return true;
    const need = await this.#need(null);
    return this.#admitted(signal, (limits) => mayStart(limits, need), null, onWait);
  }

  /**
   * Sets aside what the next attempt is likely to cost, and waits while others hold what is needed. False when the run was parked, ended, or has to ask
   * a person; the journal says so.
   */
  async reserve(client: AgentClient | null, signal: AbortSignal): Promise<boolean> {
    const { state } = this.#context;
    const attempt = state.attempts.length + 1;
    const rules = await this.#keeper.rules(state);
    if (!this.#keeper.isBounded(state, rules)) return true;
    if (client !== null && !(await this.#allowsUnpriced(client, rules, attempt))) return false;
    const need = (await this.#need(client)) ?? { usd: zeroUsd, basis: 'modelLimit' };
    return this.#admitted(signal, (limits) => admit(limits, need), attempt);
  }

  /**
   * Journals a finished message with its charges, unless it is there already. Resolves with the charges that are new. When it rejects before
   * they are journaled, the message can be recorded again.
   */
  async record(attempt: number, message: FinishedMessage): Promise<readonly Charge[]> {
    const recorded = this.#recordedBefore();
    const { messageId } = message;
    if (recorded.messages.has(messageId)) return [];
    // Before anything is awaited: the same message may be told of once more meanwhile.
    recorded.messages.add(messageId);
    let charges: readonly Charge[] = [];
    let seq: number;
    try {
      this.#rules ??= await this.#keeper.rules(this.#context.state);
      charges = this.#chargesOf(attempt, message, this.#rules, recorded);
      for (const charge of charges) noteCharge(recorded, charge);
      seq = await this.#context.recordAs(
        'agent',
        event('message/finished', { attempt, message: journaledMessage(message, charges), charged: true }),
        ...charges.map((charge) => event('charge/recorded', { charge })),
      );
    } catch (error) {
      recorded.messages.delete(messageId);
      for (const { key } of charges) recorded.charges.delete(key);
      throw error;
    }
    this.#noteSpent(charges);
    await this.#keeper.charged(this.#context.state, this.#rules, charges, seq);
    return charges;
  }

  /** Those of a message that the journal does not have. */
  #chargesOf(attempt: number, message: FinishedMessage, { prices }: RunRules, { charges, context }: Recorded): readonly Charge[] {
    const { state, deps } = this.#context;
    return chargesOfMessage(message, {
      run: state.run,
      attempt,
      task: state.task,
      category: categoryOf(state.spec),
      cell: state.cell?.id ?? null,
      prices,
      dayOf: deps.money.dayOf,
      contextTokens: context.get(message.sessionId) ?? null,
      promptChars: currentAttempt(state)?.prompt.length ?? 0,
    }).filter(({ key, tokens }) => !charges.has(key) && totalTokens(tokens) > 0);
  }

  /**
   * Records what the server knows of the conversation and the journal may not, as after the end of an engine or a server. Call between turns
   * only: a message that is not finished then was broken off.
   */
  async reconcile(client: AgentClient, sessionId: string): Promise<void> {
    const { attempts, messages: heard } = this.#context.state;
    if (attempts.length <= 1 && heard === 0) return;
    if (this.#isReconciled && attempts.at(-2)?.executed?.end === 'done') return;
    this.#isReconciled = true;
    await this.#recordAll(await client.messages(sessionId));
  }

  /**
   * Records what a turn that was broken off has left unrecorded, from what its server wrote down: a call under way may have to be paid for. Only once
   * no process of the cell lives. Never rejects.
   */
  async settleBrokenTurn(): Promise<void> {
    const { state, deps, run } = this.#context;
    const { cell } = state;
    const last = currentAttempt(state);
    if (cell?.session == null || last === null || last.executed?.end === 'done') return;
    try {
      await this.#recordAll(await deps.agents.leftMessages({ ...cell, sessionId: cell.session }));
    } catch (error) {
      deps.log.log('warn', 'what a turn that was broken off has cost could not be read', { run, error: errorText(error) });
    }
  }

  async #recordAll(messages: readonly FinishedMessage[]): Promise<void> {
    for (const message of messages) {
      const attempts = this.#context.state.attempts.filter(({ startedAt }) => startedAt <= message.startedAt);
      await this.record(attempts.at(-1)?.attempt ?? 1, { ...message, facts: message.facts ?? this.#factsBefore(message) });
    }
  }

  /** What an earlier charge of the run tells of a model's prices. */
  #factsBefore({ provider, model }: FinishedMessage): ModelFacts | null {
    const rates = this.#recordedBefore().rates.get(`${provider}/${model}`);
    return rates === undefined ? null : { provider, model, rates, tiers: [], contextTokens: null, outputTokens: null };
  }

  /** Ids of the run's messages that the journal has. */
  messagesRecorded(): string[] {
    return [...this.#recordedBefore().messages];
  }

  /** After each message of a turn that goes on: the next call is paid from what is set aside, which grows when it is too small. Null: go on. */
  async afterCall(attempt: number): Promise<MoneyStop | null> {
    const { state } = this.#context;
    const rules = this.#rules;
    if (rules === null || !this.#keeper.isBounded(state, rules)) return null;
    const foreign = allowsAll(rules) ? undefined : [...this.#unpriced].find((model) => state.unpricedModels[model] !== true);
    if (foreign !== undefined) return { limit: 'budget', reason: `${foreign} has no known price` };
    const need: Need = { usd: maxUsd(this.#held?.usd ?? zeroUsd, this.#dearest), basis: 'modelLimit' };
    const { admission, limits } = this.#hold((states) => goOn(states, need), attempt);
    await this.#keeper.warnOnce(state, rules, limits);
    if (admission.ok) return null;
    const { limit, why, neededUsd } = admission;
    const reason = refusalText(limit, why, neededUsd);
    if (why === 'deferred') return { limit: 'budget', reason };
    await this.#keeper.exceeded(state, rules, limit, null);
    return { limit: limit.action === 'stop' ? 'budgetStop' : 'budget', reason };
  }

  /** The turn is over, or will not be: what is left of the reservation is free again. */
  async settle(): Promise<void> {
    const { state } = this.#context;
    this.#rules = null;
    const held = this.#held;
    if (held === null) return;
    this.#held = null;
    this.#keeper.release(state.run);
    const spentUsd = this.#spent;
    await this.#context.record(
      event('budget/released', { key: state.run, attempt: held.attempt, usd: held.usd, spentUsd, reason: 'settled' }),
    );
  }

  async #admitted(
    signal: AbortSignal,
    decide: (limits: readonly LimitState[]) => Admission,
    attempt: number | null,
    onWait: () => void = () => {},
  ): Promise<boolean> {
    try {
      return await this.#waitInLine(signal, decide, attempt, onWait);
    } finally {
      this.#keeper.leaveLine(this.#context.run);
    }
  }

  async #waitInLine(
    signal: AbortSignal,
    decide: (limits: readonly LimitState[]) => Admission,
    attempt: number | null,
    onWait: () => void,
  ): Promise<boolean> {
    const inTurn = (limits: readonly LimitState[]): Admission => {
      const admission = decide(limits);
      return this.#keeper.isOutranked(this.#context.state) ? afterMoreUrgent(admission, limits) : admission;
    };
    let told = '';
    for (;;) {
      signal.throwIfAborted();
      const { state } = this.#context;
      const rules = await this.#keeper.rules(state);
      if (!this.#keeper.isBounded(state, rules)) return true;
      const { admission, limits } = this.#hold(inTurn, attempt, rules);
      await this.#keeper.warnOnce(state, rules, limits);
      if (admission.ok) return this.#begin(admission, attempt);
      const { limit, why, leftUsd, neededUsd } = admission;
      const reason = refusalText(limit, why, neededUsd);
      if (why === 'exceeded') {
        await this.#keeper.exceeded(state, rules, limit, neededUsd);
        await this.#stop(limit, reason);
        return false;
      }
      const { scope, period } = limit;
      if (isShared(scope)) this.#keeper.standInLine(state);
      if (told === '') await this.#context.record(event('budget/deferred', { scope, period, leftUsd, neededUsd, reason }));
      told = reason;
      onWait();
      await this.#keeper.untilReleased(signal);
    }
  }

  /** Decides on the budgets as they stand and sets the money aside, in one transaction over all processes. Without an attempt it only looks. */
  #hold(
    decide: (limits: readonly LimitState[]) => Admission,
    attempt: number | null,
    rules = this.#rules,
  ): { admission: Admission; limits: LimitState[] } {
    const { state, deps } = this.#context;
    const { spending } = deps.money;
    if (rules === null) throw new Error('no rules were read');
    let limits: LimitState[] = [];
    let admission: Admission = { ok: true, usd: zeroUsd, basis: 'modelLimit' };
    const look = (money: Parameters<Parameters<typeof spending.look>[0]>[0]): Usd | null => {
      limits = this.#keeper.limits(state, rules, money);
      admission = decide(limits);
      return admission.ok ? admission.usd : null;
    };
    if (attempt === null) spending.look(look);
    else spending.hold(state.run, look);
    if (admission.ok && attempt !== null) this.#held = { attempt, usd: admission.usd };
    return { admission, limits };
  }

  async #begin(admission: Admission & { ok: true }, attempt: number | null): Promise<true> {
    if (attempt !== null) {
      this.#spent = zeroUsd;
      await this.#context.record(event('budget/reserved', { key: this.#context.run, attempt, usd: admission.usd, basis: admission.basis }));
    } else if (this.#context.state.deferred !== null) await this.#context.record(event('budget/admitted', {}));
    return true;
  }

  async #stop(limit: LimitState, reason: string): Promise<void> {
    if (limit.action === 'stop') {
      await this.#context.record(event('run/concluded', { status: 'failed', exitCode: exitCodes.overBudget, reason }));
      return;
    }
    const { scope } = limit;
    const parked = { code: 'budget' as const, exitCode: exitCodes.overBudget };
    if (scope.over === 'run' || scope.over === 'task') {
      await this.#context.record(event('run/parked', { ...parked, reason }));
      return;
    }
    const renewsOn = dayAfter(scope.over, this.#keeper.today);
    const how = `raise it in ${scope.of === 'everything' ? 'budgets.yaml' : 'reactor.yaml'}, or go on from ${renewsOn}`;
    await this.#context.record(event('run/parked', { ...parked, reason: `${reason}; ${how}`, budget: { scope, renewsOn } }));
  }

  /** Whether the models known so far may work where a budget holds. False when it was refused, or a person is asked. */
  async #allowsUnpriced(client: AgentClient, rules: RunRules, attempt: number): Promise<boolean> {
    const { state } = this.#context;
    if (allowsAll(rules)) return true;
    const facts = await client.modelFacts(state.spec.model);
    const named = facts === null ? state.spec.model : modelOf(facts);
    const call = { model: named ?? '', day: this.#keeper.today, inputTokens: 0 };
    const unpriced = named !== null && priceOf(rules.prices, facts, call) === null ? [named] : [];
    const model = [...unpriced, ...this.#unpriced].find((one) => state.unpricedModels[one] !== true);
    if (model === undefined) return true;
    const denied = policiesOf(rules).includes('deny') || state.unpricedModels[model] === false;
    const isAsked = state.pending.some(({ permission }) => permission?.permission === UNPRICED && permission.patterns.includes(model));
    if (isAsked) return false;
    if (!denied) {
      await this.#desk.request(state.run, {
        kind: 'permission',
        attempt,
        title: `let ${model} work, whose price is not known`,
        detail: 'A budget holds, and what this model costs is not counted against it. Its price can be written in reactor.yaml.',
        tree: null,
        permission: { permission: UNPRICED, patterns: [model] },
      });
      return false;
    }
    const reason = `${model} has no known price, and without one it may not work under a budget; write its price in reactor.yaml`;
    await this.#context.record(event('run/parked', { code: 'budget', exitCode: exitCodes.overBudget, reason }));
    return false;
  }

  async #need(client: AgentClient | null): Promise<Need | null> {
    const { state, deps } = this.#context;
    const rules = await this.#keeper.rules(state);
    const history = attemptCosts(deps.journal.recentRuns(HISTORY_RUNS), state);
    const prompt = composePrompt(state);
    if (client === null) return likelyCost(history, { price: null, facts: null, promptChars: prompt.length });
    const facts = await client.modelFacts(state.spec.model);
    const price = facts === null ? null : priceOf(rules.prices, facts, { model: modelOf(facts), day: this.#keeper.today, inputTokens: 0 });
    return likelyCost(history, { price, facts, promptChars: prompt.length });
  }

  #noteSpent(charges: readonly Charge[]): void {
    for (const { costUsd } of charges) {
      if (costUsd === null) continue;
      this.#spent = addUsd(this.#spent, costUsd);
      this.#dearest = maxUsd(this.#dearest, costUsd);
      if (this.#held === null) continue;
      const left = subtractUsd(this.#held.usd, costUsd);
      this.#held = { ...this.#held, usd: maxUsd(left, zeroUsd) };
    }
    for (const charge of charges) if (charge.costUsd === null) this.#unpriced.add(modelOf(charge));
  }

  /** Read from the journal the first time: an engine may have died between a message and its end. */
  #recordedBefore(): Recorded {
    if (this.#recorded !== null) return this.#recorded;
    const { deps, run } = this.#context;
    const recorded: Recorded = { messages: new Set(), charges: new Set(), context: new Map(), rates: new Map() };
    for (let from = 1; ; ) {
      const page = deps.journal.read({ run, from, limit: PAGE });
      for (const { type, data } of page) {
        if (type === 'message/finished') recorded.messages.add((data as { message: { messageId: string } }).message.messageId);
        if (type === 'charge/recorded') {
          const { charge } = data as { charge: Charge };
          noteCharge(recorded, charge);
        }
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) break;
      from = last.seq + 1;
    }
    this.#recorded = recorded;
    return recorded;
  }
}

const policiesOf = ({ repository, everything }: RunRules) => [repository.unpriced, everything.unpriced];
const allowsAll = (rules: RunRules): boolean => policiesOf(rules).every((policy) => policy === 'allow');

function noteCharge({ charges, context, rates }: Recorded, charge: Charge): void {
  const { key, sessionId, tokens, price } = charge;
  charges.add(key);
  context.set(sessionId, inputOf(tokens) + tokens.output + tokens.reasoning);
  if (price?.source === 'server' && price.aboveTokens === null) rates.set(modelOf(charge), price);
}
