import { event } from '../core/journal/events.ts';
import { decidePermission, effectivePermissions } from '../core/policy/permissionPolicy.ts';
import type { PermissionAsk, PermissionReply, QuestionAsk, QuestionReply } from '../core/ports/agent.ts';
import type { ApprovalDesk } from './approvalDesk.ts';
import type { RunContext } from './runContext.ts';

const editingTools: ReadonlySet<string> = new Set(['edit', 'write', 'patch', 'multiedit', 'apply_patch']);

/** What an agent asks while it works: policy answers first, then a person; with nobody to ask, the run parks. */
export class Asks {
  readonly #context: RunContext;
  readonly #desk: ApprovalDesk;

  constructor(context: RunContext, desk: ApprovalDesk) {
    this.#context = context;
    this.#desk = desk;
  }

  async permission(attempt: number, ask: PermissionAsk, signal: AbortSignal, endTurn: (reason: string) => void): Promise<PermissionReply> {
    const { spec, grantedPermissions } = this.#context.state;
    const rules = effectivePermissions(spec.permissions, grantedPermissions);
    const title = `${ask.tool ?? ask.permission} ${ask.patterns.join(', ')}`.slice(0, 300);
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
        break;
    }
    const answer = await this.#ask(
      {
        attempt,
        kind: 'permission',
        title,
        detail: `the agent asks for ${ask.permission}`,
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
    const title = ask.questions
      .map((q) => q.text)
      .join(' · ')
      .slice(0, 300);
    const questions = ask.questions.map((q) => ({ ...q, options: [...q.options] }));
    const answer = await this.#ask({ attempt, kind: 'question', title, detail: 'the agent asks a question', questions }, signal, endTurn);
    if (answer === null || answer.decision === 'rejected') return null;
    return answer.answers ?? [];
  }

  /** Null when the turn ended or the run parked before a person answered. */
  async #ask(
    request: Omit<Parameters<ApprovalDesk['request']>[1], 'tree'>,
    signal: AbortSignal,
    endTurn: (reason: string) => void,
  ): ReturnType<ApprovalDesk['waitFor']> {
    const id = await this.#desk.request(this.#context.run, { ...request, tree: null });
    const answer = await this.#desk.waitFor(this.#context.run, id, signal);
    if (answer === null && signal.aborted && this.#context.state.pending.some((p) => p.id === id)) {
      // Left open it would go on waiting for a person, and hide how the turn ended.
      await this.#context.record(event('approval/withdrawn', { id, reason: 'the turn ended before a person answered' }));
    }
    if (answer === null && !signal.aborted) {
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
