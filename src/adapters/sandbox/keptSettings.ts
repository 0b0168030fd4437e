import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withoutLogins, withoutNames } from '../../core/policy/withoutLogins.ts';
import type { Mount } from '../../core/ports/sandbox.ts';
import { isFolder } from './bubblewrap.ts';

type Clean = (text: string) => string;

const withoutLines =
  (lines: RegExp): Clean =>
  (text) =>
    withoutNames(
      text
        .split('\n')
        .filter((line) => !lines.test(line))
        .join('\n'),
    );
/** Also as `registries.own.token`, and in a table on one line, which goes as a whole. */
const ofCargo = withoutLines(/(?:^|[\s.{,"'])(?:token|secret-key)["']?\s*=/);
/** Keys of registries stand as `//host/:_authToken=…`. */
const ofNpm = withoutLines(/_auth|_password/i);

/** Settings in folders that commands see and in which logins may stand. npm keeps some beside its program. */
const seenSettings = (homes: readonly string[], path: readonly string[]): readonly (readonly [file: string, clean: Clean])[] => [
  ...homes.flatMap((home) => [
    ...['.gitconfig', ...filesIn(home, '.config/git')].map((name) => [join(home, name), withoutLogins] as const),
    ...['.cargo/config.toml', '.cargo/config'].map((name) => [join(home, name), ofCargo] as const),
  ]),
  ...path.map((folder) => [join(dirname(folder), 'etc', 'npmrc'), ofNpm] as const),
];

/**
 * The user's settings of tools as commands see them where logins stand in the real ones: copies without those.
 * @param folder where the copies are, which nothing in the cell sees; made anew.
 */
export function settingsWithoutLogins(homes: readonly string[], path: readonly string[], folder: string): Mount[] {
  rmSync(folder, { recursive: true, force: true });
  return seenSettings(homes, path).flatMap(([file, clean], index): Mount[] => {
    const text = textOf(file);
    if (text === null || clean(text) === text) return [];
    const from = join(folder, String(index));
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(from, clean(text), { mode: 0o600 });
    return [{ kind: 'readOnly', path: file, from }];
  });
}

/** Settings there may include each other under any name. The file of git's own that is all logins is hidden as a whole (`sandboxPolicy.ts`). */
function filesIn(home: string, folder: string): string[] {
  try {
    const entries = readdirSync(join(home, folder), { withFileTypes: true });
    const settings = entries.filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && entry.name !== 'credentials');
    return settings.map(({ name }) => `${folder}/${name}`);
  } catch {
    return [];
  }
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
  } catch {
    // Not there, or nothing that a command could read either.
    return null;
  }
}

/** Of these folders those that are there and are no links. */
export const realFolders = (paths: readonly string[]): string[] =>
  paths.filter((path) => isFolder(path) === true && !lstatSync(path).isSymbolicLink());
