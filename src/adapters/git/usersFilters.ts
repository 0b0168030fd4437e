import { statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { nulFields } from './nulFields.ts';

type Variables = Readonly<Record<string, string>>;

/** Runs git, with no folder that matters, and gives what it prints. */
type Ask = (args: readonly string[]) => Promise<string>;

interface Known {
  /** Files that the settings may come from. */
  sources: readonly string[];
  /** How these were. */
  state: string;
  readonly commands: Promise<ReadonlyMap<string, string>>;
  readonly variables: Promise<Variables>;
}

/** Finds its files by the folder it is started in, and takes nothing to run from there. */
const LARGE_FILES = /^git[- ]lfs (clean|smudge|filter-process)( --skip)?( -- %f)?$/;
const WORKTREE_ENTRY = /\/worktrees\/[^/]+$/;

/**
 * Filters that the user's settings define (gitattributes(5)), which git starts at the top of the worktree that it works in. In a cell that is the agent's: a
 * program that such a command names by a path in the repository, or looks for in the present folder first, as `python -m` does, would be the agent's too, and
 * run outside of every sandbox. So they are started in the user's checkout. What is read of the settings is kept until one of their files changes.
 */
export class UsersFilters {
  readonly #ask: Ask;
  readonly #environment: Variables;
  readonly #known = new Map<string, Known>();

  constructor(environment: Variables, ask: Ask) {
    this.#environment = environment;
    this.#ask = ask;
  }

  /** Variables for a call in a cell. @param gitDir git's folder of the cell, or of a submodule in it. */
  variablesFor(gitDir: string): Promise<Variables> {
    return this.#knownOf(gitDir).variables;
  }

  /** All commands of the user's settings that git starts for files of a repository, drivers of merges and diffs too. */
  async commandsFor(gitDir: string): Promise<readonly string[]> {
    return [...(await this.#knownOf(gitDir).commands).values()];
  }

  #knownOf(gitDir: string): Known {
    const common = gitDir.replace(WORKTREE_ENTRY, '');
    const present = this.#known.get(common);
    if (present !== undefined && stateOf(present.sources) === present.state) return present;
    const sources = [join(common, 'config'), ...this.#ownFiles()];
    const reading = this.#read(gitDir);
    const commands = reading.then((found) => found.commands);
    const variables = commands.then((found) => this.#moved(common, found));
    for (const promise of [commands, variables]) promise.catch(() => {});
    const known: Known = { sources, state: stateOf(sources), commands, variables };
    this.#known.set(common, known);
    reading.then(
      (found) => {
        if (stateOf(sources) !== known.state) return;
        known.sources = [...new Set([...sources, ...found.sources])];
        known.state = stateOf(known.sources);
      },
      () => this.#known.delete(common),
    );
    return known;
  }

  async #read(gitDir: string): Promise<{ readonly commands: ReadonlyMap<string, string>; readonly sources: readonly string[] }> {
    const asked = [
      'config',
      '--null',
      '--show-origin',
      '--get-regexp',
      '^(filter\\..*\\.(clean|smudge|process)|merge\\..*\\.driver|diff\\..*\\.(command|textconv))$',
    ];
    const fields = nulFields(await this.#ask([`--git-dir=${gitDir}`, ...asked]));
    const commands = new Map<string, string>();
    const sources: string[] = [];
    for (let at = 0; at + 1 < fields.length; at += 2) {
      const [origin = '', setting = ''] = fields.slice(at, at + 2);
      const end = setting.indexOf('\n');
      if (end > 0) commands.set(setting.slice(0, end), setting.slice(end + 1));
      if (origin.startsWith('file:')) sources.push(resolve('/', origin.slice('file:'.length)));
    }
    return { commands, sources };
  }

  #moved(common: string, commands: ReadonlyMap<string, string>): Variables {
    const folder = basename(common) === '.git' ? dirname(common) : common;
    const moved = [...commands].filter(
      ([key, command]) => key.startsWith('filter.') && command.trim() !== '' && !LARGE_FILES.test(command),
    );
    const before = Number(this.#environment['GIT_CONFIG_COUNT'] ?? 0);
    const variables: Record<string, string> = moved.length === 0 ? {} : { GIT_CONFIG_COUNT: String(before + moved.length) };
    for (const [index, [key, command]] of moved.entries()) {
      variables[`GIT_CONFIG_KEY_${before + index}`] = key;
      variables[`GIT_CONFIG_VALUE_${before + index}`] = startedIn(folder, key, command);
    }
    return variables;
  }

  /** Where git looks for the settings of the user and the machine. */
  #ownFiles(): string[] {
    const { HOME: home = '/', XDG_CONFIG_HOME: config = join(home, '.config'), GIT_CONFIG_GLOBAL: global } = this.#environment;
    const ofUser = global === undefined ? [join(home, '.gitconfig'), join(config, 'git', 'config')] : [global];
    return [...ofUser, this.#environment['GIT_CONFIG_SYSTEM'] ?? '/etc/gitconfig'];
  }
}

/** Git puts the file's name for `%f`, and `%` for `%%`, but not in the command of a filter that stays (`process`). */
function startedIn(folder: string, key: string, command: string): string {
  const quoted = `'${folder.replaceAll("'", `'\\''`)}'`;
  return `cd ${key.endsWith('.process') ? quoted : quoted.replaceAll('%', '%%')} || exit; ${command}`;
}

const stateOf = (files: readonly string[]): string =>
  files
    .map((file) => {
      try {
        const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
        return stat === undefined ? '' : `${stat.ino} ${stat.size} ${stat.mtimeNs}`;
      } catch {
        return '';
      }
    })
    .join('\n');
