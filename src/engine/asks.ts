import type { Entry } from '../core/journal/entry.ts';
import { type EventData, event } from '../core/journal/events.ts';
import type { SandboxSpec } from '../core/model/sandboxSpec.ts';
import { allowsAddress } from '../core/policy/networkPolicy.ts';
import { decidePermission, effectivePermissions } from '../core/policy/permissionPolicy.ts';
import type { PermissionAsk, PermissionReply, QuestionAsk, QuestionReply } from '../core/ports/agent.ts';
import { askTitle } from '../core/run/askTitle.ts';
import { currentAttempt } from '../core/run/state.ts';
import type { Answer, ApprovalDesk } from './approvalDesk.ts';
import type { RunContext } from './runContext.ts';

/** Of a run, looked through for an answer; more than any run has. */
const MOST_ENTRIES = 100_000;

/** What the server itself fetches for the agent is asked for like anything else; of hosts that commands may reach nobody is asked. */
const isListed = ({ network, hosts }: SandboxSpec, { permission, patterns }: PermissionAsk): boolean =>
  network === 'allowlist' && permission === 'webfetch' && patterns.length > 0 && patterns.every((address) => allowsAddress(hosts, address));

const editingTools: ReadonlySet<string> = new Set(['edit', 'write', 'patch', 'multiedit', 'apply_patch']);

/** What an agent asks while it works: policy answers first, then a person; with nobody to ask, the run parks. */
export class Asks {
  readonly #context: RunContext;
  readonly #desk: ApprovalDesk;
  readonly #isAdopted: boolean;
  /** The attempt whose turn was under way when the server was taken over. */
  readonly #joined: number | null;

  /** @param isAdopted the server lives on from an engine before, which may have died with an answer in its hand. */
  constructor(context: RunContext, desk: ApprovalDesk, isAdopted: boolean) {
    this.#context = context;
    this.#desk = desk;
    this.#isAdopted = isAdopted;
    this.#joined = isAdopted ? (currentAttempt(context.state)?.attempt ?? null) : null;
  }

  /** The turn of this attempt was begun by an engine before this one, and its server lives. */
  isJoining(attempt: number): boolean {
    return this.#joined === attempt;
  }

  async permission(attempt: number, ask: PermissionAsk, signal: AbortSignal, endTurn: (reason: string) => void): Promise<PermissionReply> {
    const { spec, grantedPermissions } = this.#context.state;
    const rules = effectivePermissions(spec.permissions, grantedPermissions);
    const title = askTitle(`${ask.tool ?? ask.permission} ${ask.patterns.join(', ')}`);
    switch (decidePermission(rules, ask)) {
      case 'allow':
        return { reply: 'once' };
      case 'deny':
        if (ask.permission === 'external_directory' && ask.tool !== null && editingTools.has(ask.tool)) {
          const detail = `${ask.tool} outside the worktree: ${(ask.paths.length > 0 ? ask.paths : ask.patterns).join(', ')}`;
          await this.#context.record(event('attempt/violated', { attempt, violations: [{ kind: 'editOutside', detail }] }));
          endTurn(detail);
        }
        return { reply: 'reject', message: `Reactor's policy denies ${title}. Work inside the worktree and find another way.` };
      case 'ask':
        if (isListed(spec.sandbox, ask)) return { reply: 'once' };
        break;
    }
    const answer = await this.#ask(
      {
        attempt,
        kind: 'permission',
        title,
        detail: `the agent asks for ${ask.permission}`,
        ask: ask.id,
        permission: { permission: ask.permission, patterns: [...ask.patterns] },
      },
      signal,
      endTurn,
    );
    if (answer === null) return { reply: 'reject' };
    return answer.decision === 'approved'
      ? { reply: 'once' }
      : { reply: 'reject', message: answer.comment ?? 'A person denied this. Find another way.' };
  }

  async question(attempt: number, ask: QuestionAsk, signal: AbortSignal, endTurn: (reason: string) => void): Promise<QuestionReply> {
    const title = askTitle(ask.questions.map((q) => q.text).join(' · '));
    const questions = ask.questions.map((q) => ({ ...q, options: [...q.options] }));
    const answer = await this.#ask(
      { attempt, kind: 'question', title, detail: 'the agent asks a question', questions, ask: ask.id },
      signal,
      endTurn,
    );
    if (answer === null || answer.decision === 'rejected') return null;
    return answer.answers ?? [];
  }

  /** Permissions asked for in the attempt before this engine, which may still be open. */
  askedBefore(attempt: number): { id: string; permission: string; patterns: readonly string[] }[] {
    return this.#requests().flatMap((data) =>
      data.attempt === attempt && data.ask !== undefined && data.permission !== undefined ? [{ id: data.ask, ...data.permission }] : [],
    );
  }

  /** What a person has said to this very ask, when the engine died before it could be passed on. */
  #answerBefore(ask: string | undefined): Answer | null {
    const asked = this.#requests().find((data) => data.ask !== undefined && data.ask === ask);
    if (asked === undefined) return null;
    const answered = this.#entries().find(({ type, data }) => type === 'approval/answered' && (data as Answer).id === asked.id);
    return answered === undefined ? null : (answered.data as Answer);
  }

  #requests(): EventData<'approval/requested'>[] {
    return this.#entries().flatMap(({ type, data }) => (type === 'approval/requested' ? [data as EventData<'approval/requested'>] : []));
  }

  /** Of interest only where an engine before may have left something. */
  #entries(): readonly Entry[] {
    return this.#isAdopted ? this.#context.deps.journal.read({ run: this.#context.run, limit: MOST_ENTRIES }) : [];
  }

  /** Null when the turn ended or the run parked before a person answered. */
  async #ask(
    request: Omit<Parameters<ApprovalDesk['request']>[1], 'tree'>,
    signal: AbortSignal,
    endTurn: (reason: string) => void,
  ): ReturnType<ApprovalDesk['waitFor']> {
    const said = this.#answerBefore(request.ask);
    if (said !== null) return said;
    const open = this.#context.state.pending.find((p) => p.ask !== null && p.ask === request.ask);
    const id = open?.id ?? (await this.#desk.request(this.#context.run, { ...request, tree: null }));
    const answer = await this.#desk.waitFor(this.#context.run, id, signal);
    // Withdrawn by somebody else: there is nothing to wait for.
    if (answer !== null || !this.#context.state.pending.some((p) => p.id === id)) return answer;
    if (signal.aborted) {
      // Left open it would go on waiting for a person, and hide how the turn ended.
      await this.#context.record(event('approval/withdrawn', { id, reason: 'the turn ended before a person answered' }));
    } else {
      await this.#context.record(
        event('run/parked', {
          code: request.kind === 'question' ? 'question' : 'permission',
          exitCode: 5,
          reason: `waits for a person: ${request.title}`,
        }),
      );
      endTurn('parked');
    }
    return answer;
  }
}
