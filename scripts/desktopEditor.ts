import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { isExecutable, onPath } from './onPath.ts';

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
  const command = onPath('code', env);
  if (command === null) return null;
  // …/bin/code beside the program on Linux; …/Contents/Resources/app/bin/code below it on macOS.
  const bin = dirname(realpathSync(command));
  const places = [join(bin, '..', 'code'), join(bin, '..', '..', '..', 'MacOS', 'Electron'), join(bin, '..', '..', '..', 'MacOS', 'Code')];
  const executable = places.find(isExecutable);
  return executable === undefined ? null : { command, executable };
}
