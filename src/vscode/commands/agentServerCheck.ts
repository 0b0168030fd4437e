import { errorText } from '../../base/log.ts';
import { UserFacingError } from '../../base/userFacingError.ts';
import type { HostContext } from '../hostContext.ts';
import type { RepositoryModel } from '../repositoryModel.ts';

/**
 * Whether an agent could start, looked at before anything is typed or handed over. When none could, the person is told, with the one thing
 * that helps. @throws UserFacingError `environment` when one did not answer. An engine that has servers running has found its own OpenCode, which this editor need not see.
 */
export async function hasAgentServer({ vscode, host }: HostContext, model: RepositoryModel): Promise<boolean> {
  if ([...model.runs.values()].some(({ cell }) => (cell?.server ?? null) !== null)) return true;
  try {
    if ((await host.locateAgentServer(model.place.folder)) !== null) return true;
  } catch (error) {
    // It is there and did not answer: said as it is, in place of a run that fails the same way.
    if (error instanceof UserFacingError && error.code === 'environment') throw error;
    host.log.log('warn', 'the agent server was not looked for', { error: errorText(error) });
    return true;
  }
  const path = vscode.workspace.getConfiguration('reactor').get('opencodePath', '').trim();
  const text =
    path === ''
      ? 'OpenCode, which runs the agents, was not found on this machine. Nothing was started.'
      : `The setting reactor.opencodePath names ${path}, which is no OpenCode of version 1.18 or a later 1.x. Nothing was started.`;
  const action = path === '' ? 'Install OpenCode' : 'Open Settings';
  // Not awaited: the refusal is complete, whether or not its button is pressed.
  Promise.resolve(vscode.window.showErrorMessage(text, action))
    .then(async (pressed) => {
      if (pressed === 'Install OpenCode') await vscode.env.openExternal(vscode.Uri.parse('https://opencode.ai/docs/#install'));
      else if (pressed === 'Open Settings') await vscode.commands.executeCommand('workbench.action.openSettings', 'reactor.opencodePath');
    })
    .catch((error: unknown) => host.log.log('warn', 'a button did nothing', { error: errorText(error) }));
  return false;
}
