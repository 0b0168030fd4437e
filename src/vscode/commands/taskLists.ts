import { posix } from 'node:path';
import type * as vscodeTypes from 'vscode';
import { DisposableStore } from '../../base/lifecycle.ts';
import type { ListedTask } from '../../core/run/taskRequest.ts';
import type { HostContext } from '../hostContext.ts';
import { startRuns } from './startRuns.ts';
import type { WorkPlace } from './target.ts';

/** Opens a list of tasks to be gone on with, not saved. Without tasks it has place for the first, where the cursor stands. */
export async function openTaskList({ vscode, host }: HostContext, { folder }: WorkPlace, tasks: readonly ListedTask[]): Promise<void> {
  const reader = await host.reader(folder);
  const first = reader.highestTaskNumber() + 1;
  reader.close();
  const content = await host.newTaskList(tasks, first);
  const document = await vscode.workspace.openTextDocument({ language: 'yaml', content });
  const lines = content.split('\n');
  const line = tasks.length > 0 ? lines.length - 1 : lines.findIndex((text) => /^ +prompt:/.test(text));
  const column = lines[line]?.length ?? 0;
  await vscode.window.showTextDocument(document, { selection: new vscode.Range(line, column, line, column) });
}

/** Starts the tasks of a list as they are written, saved or not. @param index of the only one to start; all of them when undefined */
export async function runTaskList(context: HostContext, { model, folder }: WorkPlace, uri: vscodeTypes.Uri, index?: number): Promise<void> {
  const document = await context.vscode.workspace.openTextDocument(uri);
  const requests = [...(await context.host.readTasks(document.getText(), posix.basename(uri.path), folder))];
  const wanted = index === undefined ? requests : requests.slice(index, index + 1);
  if (wanted.length > 0) await startRuns(context, model, wanted);
}

/** Prompts of several tasks, one after the other. */
export interface AskedPrompts {
  readonly prompts: readonly string[];
  /** The person wants to go on with them in an editor. */
  readonly inList: boolean;
}

/** Null when the person left, or typed none. */
export async function askPrompts(context: HostContext): Promise<AskedPrompts | null> {
  const prompts: string[] = [];
  for (;;) {
    const answer = await askNext(context, prompts.length);
    if (answer === null) return null;
    const typed = answer.text.trim();
    if (typed !== '') prompts.push(typed);
    if (answer.inList) return { prompts, inList: true };
    if (typed === '') return prompts.length === 0 ? null : { prompts, inList: false };
  }
}

function askNext({ vscode }: HostContext, before: number): Promise<{ readonly text: string; readonly inList: boolean } | null> {
  const store = new DisposableStore();
  const box = store.add(vscode.window.createInputBox());
  box.title = `Run Tasks in Parallel: prompt ${before + 1}`;
  box.prompt = before === 0 ? 'What should the first agent do?' : 'What should the next agent do? Empty goes on to how they run.';
  box.ignoreFocusOut = true;
  box.buttons = [{ iconPath: new vscode.ThemeIcon('list-ordered'), tooltip: 'Write them as a list, with order and priority' }];
  return new Promise<{ readonly text: string; readonly inList: boolean } | null>((resolve) => {
    store.add(box.onDidAccept(() => resolve({ text: box.value, inList: false })));
    store.add(box.onDidTriggerButton(() => resolve({ text: box.value, inList: true })));
    store.add(box.onDidHide(() => resolve(null)));
    box.show();
  }).finally(() => store.dispose());
}
