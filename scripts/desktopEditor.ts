import { accessSync, constants, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';

export interface DesktopEditor {
  /** The `code` command. */
  readonly command: string;
  /** The program that the command starts; tests start it directly. */
  readonly executable: string;
}

/** The desktop's VS Code, when its command is on PATH and there is a screen to show it on; else null. */
export function desktopEditor(env: NodeJS.ProcessEnv = process.env): DesktopEditor | null {
  const hasScreen = process.platform !== 'linux' || Boolean(env['DISPLAY'] || env['WAYLAND_DISPLAY']);
  if (!hasScreen) return null;
  const found = (env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'code'));
  const command = found.find(isExecutable);
  if (command === undefined) return null;
  // …/bin/code beside the program on Linux; …/Contents/Resources/app/bin/code below it on macOS.
  const bin = dirname(realpathSync(command));
  const places = [join(bin, '..', 'code'), join(bin, '..', '..', '..', 'MacOS', 'Electron'), join(bin, '..', '..', '..', 'MacOS', 'Code')];
  const executable = places.find(isExecutable);
  return executable === undefined ? null : { command, executable };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
