import { realpath } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { UserFacingError } from '../../base/userFacingError.ts';
import { overMoney } from '../../core/model/moneyLayer.ts';
import { defaultConfig, ProjectConfig } from '../../core/model/projectConfig.ts';
import type { Project } from '../../core/ports/project.ts';
import { isThere } from './boundedFile.ts';
import { detectTest } from './detectTest.ts';
import { readEditorMoney } from './editorMoney.ts';
import { parseSettings } from './parseSettings.ts';
import { settingsText } from './settingsText.ts';

/** The second one counts only where the first is not. */
const fileNames = ['reactor.yaml', 'reactor.yml'];

/** Real path where there is one, so that a folder reached by a link is still found below its top. */
const real = (path: string): Promise<string> => realpath(path).catch(() => resolve(path));

/** The folder and those above it up to `top`; the folder alone when it is not below it. */
async function upTo(folder: string, top: string): Promise<string[]> {
  const [start, end] = await Promise.all([real(folder), real(top)]);
  const below = relative(end, start);
  if (below === '..' || below.startsWith(`..${sep}`) || resolve(end, below) !== start) return [start];
  const folders = [start];
  for (let at = start; at !== end; ) {
    at = dirname(at);
    folders.push(at);
  }
  return folders;
}

/**
 * Reads reactor.yaml, and below it what an editor's settings say of money, and looks at the files of a folder. Keeps nothing: each call reads
 * anew.
 * @param dataFolder Reactor's own for the repository
 */
export const createFolderProject = (dataFolder: string): Project => ({
  async config(folder, top) {
    const realTop = await real(top);
    const editor = await readEditorMoney(dataFolder);
    const isAlone = Object.keys(editor).length === 0;
    for (const at of await upTo(folder, top)) {
      for (const name of fileNames) {
        const path = join(at, name);
        const below = relative(realTop, path).split(sep).join('/');
        const file = below.startsWith('../') ? name : below;
        const text = await settingsText(path, file);
        if (text !== null) {
          const config = parseSettings(ProjectConfig, text, file, path, isAlone ? undefined : (written) => overMoney(written, editor));
          return { config, file: path };
        }
        if (await isThere(path)) {
          throw new UserFacingError('configuration', `${file}: is no file, or a link that leads nowhere`, {
            actions: [`remove or rename ${path}`],
          });
        }
      }
    }
    return { config: isAlone ? defaultConfig() : ProjectConfig.parse(overMoney({}, editor)), file: null };
  },
  detectTest,
});
