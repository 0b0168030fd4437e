import { errorText } from '../../base/log.ts';
import { UserFacingError } from '../../base/userFacingError.ts';
import type { HostContext } from '../hostContext.ts';
import { plainText, withoutLinks } from '../text/plainText.ts';

/** Shows what went wrong: a refusal as it is written, a bug as one generic sentence with its stack in the log. Never modal. */
export async function showProblem({ vscode, host }: Pick<HostContext, 'vscode' | 'host'>, error: unknown): Promise<void> {
  if (error instanceof UserFacingError) {
    const isSetup = error.code === 'agentServerMissing' || error.code === 'engineUnavailable' || error.code === 'environment';
    const pressed = await vscode.window.showErrorMessage(withoutLinks(plainText(error.message)), ...(isSetup ? ['Run Doctor'] : []));
    if (pressed === 'Run Doctor') await vscode.commands.executeCommand('reactor.doctor');
    return;
  }
  host.log.log('error', 'a command failed', { error: errorText(error) });
  const pressed = await vscode.window.showErrorMessage('Reactor met an error of its own. Work in cells is kept.', 'Show Log');
  if (pressed === 'Show Log') await vscode.commands.executeCommand('reactor.showLog');
}
