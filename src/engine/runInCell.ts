import type { CommandEvidence } from '../core/journal/events.ts';
import type { AgentClient, ShellRequest } from '../core/ports/agent.ts';
import { noticePorts } from './noticePorts.ts';
import type { RunContext } from './runContext.ts';
import { withinLimits } from './withinLimits.ts';

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * Runs a command in the cell through its server (INV-006), within its own limit and the run's.
 * Abort ends the command with its whole process tree and returns evidence with `end: 'aborted'`.
 */
export async function runInCell(
  context: RunContext,
  client: AgentClient,
  request: Pick<ShellRequest, 'command' | 'timeoutMs' | 'isGate' | 'keepsGateHome'> & { readonly name: string },
  signal: AbortSignal,
): Promise<CommandEvidence> {
  const { deps, run, state } = context;
  await noticePorts(context);
  const outputFile = await deps.files.outputFile(run, `${request.name}.log`);
  const shell = {
    sessionId: state.cell?.session ?? '',
    command: request.command,
    folder: state.spec.folder,
    timeoutMs: Math.max(1, Math.min(request.timeoutMs, context.remainingMs())),
    outputFile,
    maxBytes: MAX_OUTPUT_BYTES,
    isGate: request.isGate ?? false,
    keepsGateHome: request.keepsGateHome ?? false,
  };
  const { value, excess } = await withinLimits(context, () => client.shell(shell, signal));
  await deps.files.editOutput(outputFile, (text) => deps.secrets.redact(text));
  const evidence = { command: request.command, outputFile: deps.files.relative(outputFile), ...value };
  return excess === null ? evidence : { ...evidence, exitCode: null, end: 'overLimit', reason: excess.text };
}
