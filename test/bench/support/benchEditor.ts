import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ensureVsce, packageExtension } from '../../../scripts/packageExtension.ts';
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

/** An extension that does nothing and is activated when ours is, for what an activation costs the editor itself. @returns its package */
export async function emptyExtension(activationEvents: readonly string[]): Promise<string> {
  const folder = newFolder('empty-extension');
  const manifest = {
    name: 'empty',
    displayName: 'Empty',
    publisher: 'bench',
    version: '0.0.1',
    engines: { vscode: '^1.90.0' },
    main: './main.cjs',
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, activationEvents }));
  writeFileSync(join(folder, 'main.cjs'), 'exports.activate = () => {};\n');
  writeFileSync(join(folder, 'README.md'), 'Does nothing.\n');
  const vsce = join(await ensureVsce(), 'node_modules', '@vscode', 'vsce', 'vsce');
  const file = join(folder, 'empty.vsix');
  const flags = ['--no-dependencies', '--allow-missing-repository', '--skip-license', '--out', file];
  await promisify(execFile)(process.execPath, [vsce, 'package', ...flags], { cwd: folder });
  return file;
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
 * @param others packages of other extensions in it
 */
export async function openBenchEditor(
  env: NodeJS.ProcessEnv,
  nodeArgs: readonly string[] = [],
  others: readonly string[] = [],
): Promise<BenchEditor> {
  const vsix = await packagedExtension();
  // VS Code's own use of git is none of what is measured.
  const home = makeEditorHome(newFolder('ed'), env, { settings: { 'git.enabled': false } });
  for (const file of [vsix, ...others]) await installExtension(home, file);
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
