import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { EditorMoney } from '../../core/model/moneySettings.ts';
import { parseSettings } from './parseSettings.ts';
import { settingsText } from './settingsText.ts';

const FILE = 'editor-money.json';

/**
 * What the editor's settings say of money for a repository, left in its data folder so that the engine and the terminal obey them too. Empty
 * where no editor has said anything. @throws UserFacingError `configuration` when the file is damaged
 */
export async function readEditorMoney(dataFolder: string): Promise<EditorMoney> {
  const path = join(dataFolder, FILE);
  const text = await settingsText(path, FILE);
  if (text === null) return {};
  parseSettings(EditorMoney, text, FILE, path);
  return JSON.parse(text) as EditorMoney;
}

/** Leaves them for `readEditorMoney`. An engine that runs obeys them from its next prompt on. */
export async function writeEditorMoney(dataFolder: string, money: EditorMoney): Promise<void> {
  const path = join(dataFolder, FILE);
  if (Object.keys(money).length === 0) return rm(path, { force: true });
  const text = `${JSON.stringify(money, null, 2)}\n`;
  if ((await settingsText(path, FILE).catch(() => null)) === text) return;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, path);
}
