import type * as vscodeTypes from 'vscode';
import { DisposableStore } from '../../base/lifecycle.ts';
import type { HostContext } from '../hostContext.ts';
import type { PlannedTask } from '../plannedTasks.ts';
import { fence } from '../text/fence.ts';
import { plainLine, withoutIcons } from '../text/plainText.ts';

const KEY = 'reactor.prompts';
const MOST_RECENT = 20;
const MOST_CONTEXT = 20_000;

/** Text of the editor that goes along with a prompt, with where it stands. */
export interface SelectedText {
  /** 'src/a.ts:3-9' */
  readonly place: string;
  readonly language: string;
  readonly text: string;
}

export type Asked = { readonly prompt: string } | { readonly planned: PlannedTask };

export const selectionOf = (vscode: HostContext['vscode']): SelectedText | null => {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined || editor.selection.isEmpty || editor.document.uri.scheme !== 'file') return null;
  return textAt(vscode, editor.document, editor.selection);
};

export const textAt = (vscode: HostContext['vscode'], document: vscodeTypes.TextDocument, range: vscodeTypes.Range): SelectedText => ({
  place: `${vscode.workspace.asRelativePath(document.uri, false)}:${range.start.line + 1}-${range.end.line + 1}`,
  language: document.languageId,
  text: document.getText(range).slice(0, MOST_CONTEXT),
});

/** The prompt with its context below: the place, and the text as it is in the editor now. */
export const withContext = (prompt: string, selected: SelectedText | null): string =>
  selected === null ? prompt : `${prompt}\n\nIt is about ${selected.place}:\n${fence(selected)}`;

/** Presses the button for recent prompts of the box that is open, from its key. */
let pressList: (() => void) | null = null;
export const showRecentPrompts = (): void => pressList?.();

/** The first step of a run: one line of prompt. Its buttons offer an editor for a longer one, recent prompts and tasks of reactor.yaml. */
export async function askPrompt(
  context: HostContext,
  title: string,
  selected: SelectedText | null,
  planned: readonly PlannedTask[],
): Promise<Asked | null> {
  const recent = context.extension.workspaceState.get<string[]>(KEY, []);
  let value = '';
  let selection = selected;
  for (;;) {
    const answer = await input(context, { title, value, selection, hasList: recent.length + planned.length > 0 });
    if (answer === null) return null;
    if ('prompt' in answer) {
      const prompt = answer.prompt.trim();
      await context.extension.workspaceState.update(KEY, [prompt, ...recent.filter((old) => old !== prompt)].slice(0, MOST_RECENT));
      return { prompt: withContext(prompt, selection) };
    }
    value = answer.value;
    if (answer.pressed === 'drop') selection = null;
    else if (answer.pressed === 'editor') return inEditor(context, withContext(value, selection));
    else {
      const chosen = await fromList(context, recent, planned);
      if (chosen !== null && typeof chosen !== 'string') return { planned: chosen };
      if (chosen !== null) value = chosen;
    }
  }
}

interface InputOptions {
  readonly title: string;
  readonly value: string;
  readonly selection: SelectedText | null;
  readonly hasList: boolean;
}

type InputAnswer = { readonly prompt: string } | { readonly pressed: 'drop' | 'editor' | 'list'; readonly value: string };

function input({ vscode }: HostContext, { title, value, selection, hasList }: InputOptions): Promise<InputAnswer | null> {
  const button = (icon: string, tooltip: string): vscodeTypes.QuickInputButton => ({ iconPath: new vscode.ThemeIcon(icon), tooltip });
  const list = button('history', 'Recent prompts and tasks of reactor.yaml');
  const editor = button('edit', 'Write it in an editor');
  const drop = button('close', 'Leave the selection out');
  const store = new DisposableStore();
  const box = store.add(vscode.window.createInputBox());
  box.title = title;
  box.value = value;
  box.placeholder = 'What should the agent do?';
  const about = selection === null ? '' : `With the selection ${selection.place} as context. `;
  box.prompt = `${about}${hasList ? '↑ brings recent prompts back, Shift+Tab leads to the buttons' : 'Shift+Tab leads to an editor for longer texts'}`;
  box.ignoreFocusOut = true;
  box.buttons = [...(hasList ? [list] : []), editor, ...(selection === null ? [] : [drop])];
  return new Promise<InputAnswer | null>((resolve) => {
    if (hasList) pressList = () => resolve({ pressed: 'list', value: box.value });
    void vscode.commands.executeCommand('setContext', 'reactor.promptOpen', hasList);
    store.add(
      box.onDidAccept(() => {
        if (box.value.trim() === '') box.validationMessage = 'Say what the agent should do.';
        else resolve({ prompt: box.value });
      }),
    );
    store.add(box.onDidChangeValue(() => (box.validationMessage = undefined)));
    store.add(
      box.onDidTriggerButton((pressed) =>
        resolve({ pressed: pressed === list ? 'list' : pressed === drop ? 'drop' : 'editor', value: box.value }),
      ),
    );
    store.add(box.onDidHide(() => resolve(null)));
    box.show();
  }).finally(() => {
    pressList = null;
    void vscode.commands.executeCommand('setContext', 'reactor.promptOpen', false);
    store.dispose();
  });
}

async function fromList(
  { vscode }: HostContext,
  recent: readonly string[],
  planned: readonly PlannedTask[],
): Promise<string | PlannedTask | null> {
  const rows: (vscodeTypes.QuickPickItem & { readonly chosen: string | PlannedTask | null })[] = [
    ...(planned.length > 0 ? [{ label: 'reactor.yaml', kind: vscode.QuickPickItemKind.Separator, chosen: null }] : []),
    ...planned.map((task) => ({
      label: `$(circle-outline) ${task.place.id ?? ''} ${withoutIcons(plainLine(task.place.title, 80))}`,
      chosen: task,
    })),
    ...(recent.length > 0 ? [{ label: 'recent', kind: vscode.QuickPickItemKind.Separator, chosen: null }] : []),
    ...recent.map((prompt) => ({ label: `$(history) ${withoutIcons(plainLine(prompt, 120))}`, chosen: prompt })),
  ];
  return (
    (await vscode.window.showQuickPick(rows, { title: 'Run again, or run a task of reactor.yaml', matchOnDescription: true }))?.chosen ??
    null
  );
}

/** Opens an untitled document; its whole text is run by the command's button in the editor's title bar. */
async function inEditor({ vscode }: HostContext, text: string): Promise<null> {
  const document = await vscode.workspace.openTextDocument({ language: 'markdown', content: text });
  await vscode.commands.executeCommand('setContext', 'reactor.promptFiles', [document.uri.path]);
  await vscode.window.showTextDocument(document);
  vscode.window.setStatusBarMessage('Write the prompt, then press “Run Reactor Task on Selection” in the title bar', 10_000);
  return null;
}
