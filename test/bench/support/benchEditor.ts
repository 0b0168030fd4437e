import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageExtension } from '../../../scripts/packageExtension.ts';
import { Browser } from '../../support/editor/browser.ts';
import { CodeServer, installExtension } from '../../support/editor/codeServer.ts';
import { makeEditorHome } from '../../support/editor/editorHome.ts';
import { Workbench } from '../../support/editor/workbench.ts';
import { newFolder } from './benchFolder.ts';

const projectRoot = fileURLToPath(new URL('../../..', import.meta.url));

let packaged: Promise<string> | undefined;

/** The package as users get it, made once per process. @returns its file */
function packagedExtension(): Promise<string> {
  const file = join(projectRoot, 'out', 'bench.vsix');
  packaged ??= packageExtension(file).then(() => file);
  return packaged;
}

/** A real VS Code with the packaged extension, and a browser that shows it. */
export interface BenchEditor {
  readonly workbench: Workbench;
  /** Opens the folder in the one window, with an extension host of its own. */
  open(folder: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param env of the editor's processes, which the extension and its engines inherit
 * @param nodeArgs for the Node of its extension hosts
 */
export async function openBenchEditor(env: NodeJS.ProcessEnv, nodeArgs: readonly string[] = []): Promise<BenchEditor> {
  const vsix = await packagedExtension();
  // VS Code's own use of git is none of what is measured.
  const home = makeEditorHome(newFolder('ed'), env, { settings: { 'git.enabled': false } });
  await installExtension(home, vsix);
  const server = await CodeServer.start(home, ['--disable-workspace-trust'], nodeArgs);
  try {
    const browser = await Browser.launch(home);
    const workbench = new Workbench(browser.page);
    return {
      workbench,
      open: async (folder) => {
        // Leaving the page ends the extension host of the window before.
        await browser.page.goto('about:blank');
        await workbench.open(server.url(folder));
      },
      close: async () => {
        await browser.stop();
        await server.stop();
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
