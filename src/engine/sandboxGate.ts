import { event } from '../core/journal/events.ts';
import { exitCodes } from '../core/model/exitCodes.ts';
import { UNSANDBOXED } from '../core/model/sandboxSpec.ts';
import type { ApprovalDesk } from './approvalDesk.ts';
import type { RunContext } from './runContext.ts';

/**
 * True when the run may have its cell: with a boundary, or because none is asked for, or because a person or the settings agreed to go without.
 * Otherwise asks, or ends the run, and the journal says so.
 */
export async function mayBoot(context: RunContext, desk: ApprovalDesk): Promise<boolean> {
  const { mode, network, unsandboxed } = context.state.spec.sandbox;
  if (mode === 'off') {
    if (network === 'open') return true;
    await conclude(context, exitCodes.configuration, `network: ${network} needs the sandbox, and sandbox is off`);
    return false;
  }
  const { boundary, why, todo } = await context.deps.sandbox.probe();
  if (boundary !== null) return true;
  if (mode === 'required' || network !== 'open') {
    const need = mode === 'required' ? 'sandbox: required' : `network: ${network}`;
    await conclude(context, exitCodes.configuration, `${need}, but there is no sandbox here: ${why}${todo === '' ? '' : `; ${todo}`}`);
    return false;
  }
  if (unsandboxed === 'allow') return true;
  const answer = context.state.grantedPermissions.findLast(({ permission }) => permission === UNSANDBOXED)?.action;
  if (answer === 'allow') return true;
  if (answer === 'deny') {
    await conclude(context, exitCodes.taskFailed, `a person did not agree to run without a sandbox (${why})`);
    return false;
  }
  await desk.request(context.run, {
    kind: 'permission',
    attempt: 1,
    title: `run without a sandbox: ${why}`,
    detail: `the agent's commands would run as you, with all that you can read and write${todo === '' ? '' : `; to have a sandbox: ${todo}`}`,
    tree: null,
    permission: { permission: UNSANDBOXED, patterns: ['*'] },
  });
  return false;
}

const conclude = (context: RunContext, exitCode: number, reason: string): Promise<number> =>
  context.record(event('run/concluded', { status: exitCode === exitCodes.configuration ? 'error' : 'failed', exitCode, reason }));
