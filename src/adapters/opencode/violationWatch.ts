import type { Log } from '../../base/log.ts';
import type { Violation } from '../../core/ports/agent.ts';
import type { PathGuard } from './pathGuard.ts';
import { editedPaths, readPaths } from './toolCall.ts';

/** Collects what an agent does that no permission covers, each thing once. */
export class ViolationWatch {
  readonly #guard: PathGuard;
  readonly #log: Log;
  readonly #onFound: (violation: Violation) => void;
  readonly #suspects = new Map<string, Violation>();
  readonly #found = new Map<string, Violation>();

  constructor(guard: PathGuard, log: Log, onFound: (violation: Violation) => void) {
    this.#guard = guard;
    this.#log = log;
    this.#onFound = onFound;
  }

  get found(): readonly Violation[] {
    return [...this.#found.values()];
  }

  /**
   * A tool's call in one of its states. Where it leads is looked at when it starts, too: a link may be gone again when it
   * has ended. Only a call that was done is a violation.
   */
  call(callId: string, tool: string, state: { readonly status: string; readonly input: Readonly<Record<string, unknown>> }): void {
    for (const path of editedPaths(tool, state.input)) {
      const violation = this.#guard.violation(tool, path);
      if (violation) this.#suspects.set(`${callId}:${path}`, violation);
    }
    const read = readPaths(tool, state.input);
    for (const path of read) {
      const violation = this.#guard.readViolation(tool, path);
      if (violation) this.#suspects.set(`${callId}:${path}`, violation);
    }
    if (state.status !== 'completed') return;
    for (const violation of this.#guard.instructionViolations(read[0] ?? '.')) this.#add(violation.detail, violation);
    for (const [key, violation] of this.#suspects) if (key.startsWith(`${callId}:`)) this.#add(key, violation);
  }

  /** The agent can reach the server that runs it: what happens there and was not asked for from here is its doing. */
  foreign(key: string, detail: string): void {
    this.#add(key, { kind: 'foreignReply', detail });
  }

  #add(key: string, violation: Violation): void {
    if (this.#found.has(key)) return;
    this.#found.set(key, violation);
    this.#log.log('warn', 'the agent crossed a line', { kind: violation.kind, detail: violation.detail });
    this.#onFound(violation);
  }
}
