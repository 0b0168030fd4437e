import { existsSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { ensureTool, type Installing, installLocked } from './toolFolder.ts';

/** How to start the installed editor: its entry file, under the Node that runs this. */
export interface InstalledEditor {
  readonly node: string;
  readonly entry: string;
}

/**
 * A real VS Code that runs in a browser (code-server), installed once. Its own install script would compile modules that need system
 * libraries; the two that matter here are built alone.
 * @throws Error with one sentence when it can't be had
 */
export async function ensureEditor(say?: (line: string) => void): Promise<InstalledEditor> {
  const folder = await ensureTool({ name: 'codeServer', title: 'code-server, a VS Code for browsers (600 MB, once)', steps }, say);
  return { node: process.execPath, entry: join(folder, 'node_modules', 'code-server', 'out', 'node', 'entry.js') };
}

const vscodeFolder = (folder: string): string => join(folder, 'node_modules', 'code-server', 'lib', 'vscode');

/** `npm ci` is refused there: the lock file that comes with it is not in step with its package.json. */
const installEditorModules = ({ folder, run }: Installing): Promise<void> =>
  run('npm', ['install', '--ignore-scripts', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund'], vscodeFolder(folder));

/** Log files of the server, and the end of an orphaned extension host. Where there is no compiler it works without them. */
const buildAddons = ({ folder, run }: Installing): Promise<void> =>
  run('npm', ['rebuild', '@vscode/spdlog', '@vscode/native-watchdog'], vscodeFolder(folder)).catch(() => {
    process.stderr.write('the editor goes on without its log files: two native modules could not be built\n');
  });

/** What is left of the install script. */
async function linkHelpers({ folder }: Installing): Promise<void> {
  for (const [name, target] of [
    ['bin/remote-cli/code-server', 'code-linux.sh'],
    ['bin/helpers/browser.sh', 'browser-linux.sh'],
  ] as const) {
    const link = join(vscodeFolder(folder), name);
    rmSync(link, { force: true });
    if (existsSync(join(dirname(link), target))) symlinkSync(target, link);
  }
}

const steps = [installLocked, installEditorModules, buildAddons, linkHelpers];
