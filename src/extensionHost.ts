import type { Log } from './base/log.ts';
import { createEditorHost } from './compose/editorHost.ts';
import type { HostApi, Views } from './vscode/hostApi.ts';
import { startHost } from './vscode/startHost.ts';
import type { EditorContext, LogChannel, Vscode } from './vscode/vscodeValue.ts';

/** Everything of the editor's side that is loaded only when it is used. */
export function loadHost(vscode: Vscode, context: EditorContext, views: Views): HostApi {
  let channel: LogChannel | null = null;
  const output = (): LogChannel => {
    if (channel === null) {
      channel = vscode.window.createOutputChannel('Reactor', { log: true });
      context.subscriptions.push(channel);
    }
    return channel;
  };
  const log: Log = {
    log(level, message, fields) {
      output()[level](fields === undefined ? message : `${message} ${JSON.stringify(fields)}`);
    },
  };
  const agentServerPath = (): string | null => {
    const path = vscode.workspace.getConfiguration('reactor').get('opencodePath', '').trim();
    return path === '' ? null : path;
  };
  const doctor = async (folder: string): Promise<string> => {
    const [{ createCliHost }, { doctorText }] = await Promise.all([import('./compose.ts'), import('./compose/doctorText.ts')]);
    return doctorText(createCliHost(), folder);
  };
  const host = createEditorHost({ log, agentServerPath, doctor });
  return startHost({ vscode, extension: context, host, views, output });
}
