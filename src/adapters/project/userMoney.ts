import { join } from 'node:path';
import { UserMoney } from '../../core/model/moneySettings.ts';
import { parseSettings } from './parseSettings.ts';
import { settingsText } from './settingsText.ts';

const FILE = 'budgets.yaml';

/** `budgets.yaml` in Reactor's home, read anew; nothing holds without one. @throws UserFacingError `configuration` when it is wrong. */
export async function readUserMoney(home: string): Promise<UserMoney> {
  const path = join(home, FILE);
  const text = await settingsText(path, FILE);
  return text === null ? UserMoney.parse({}) : parseSettings(UserMoney, text, FILE, path);
}
