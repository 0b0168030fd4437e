import { constants, copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { errorText, type Log } from '../../base/log.ts';
import { DATABASE_NAME } from './serverFolders.ts';

/**
 * An empty database of the agent server that already has its tables, made once per version, so that a new cell's server need not
 * run every migration of its history at start.
 */
export class DatabaseTemplate {
  readonly #folder: string;
  readonly #file: string;
  readonly #log: Log;

  constructor(folder: string, version: string, log: Log) {
    this.#folder = folder;
    this.#file = join(folder, `opencode-${version.replace(/[^\w.-]/g, '_')}.db`);
    this.#log = log;
  }

  copyTo(dataFolder: string): void {
    const target = join(dataFolder, DATABASE_NAME);
    if (!existsSync(this.#file) || existsSync(target)) return;
    try {
      copyFileSync(this.#file, target, constants.COPYFILE_FICLONE);
    } catch (error) {
      rmSync(target, { force: true });
      this.#log.log('warn', 'the prepared database could not be used', { error: errorText(error) });
    }
  }

  /** Makes the template from a server's database when there is none yet. A failure costs time at the next start and nothing else. */
  offer(dataFolder: string): void {
    const source = join(dataFolder, DATABASE_NAME);
    if (existsSync(this.#file) || !existsSync(source)) return;
    const draft = `${this.#file}.${process.pid}`;
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      rmSync(draft, { force: true });
      copyDatabase(source, draft);
      renameSync(draft, this.#file);
    } catch (error) {
      rmSync(draft, { force: true });
      this.#log.log('warn', 'no database could be prepared for later servers', { error: errorText(error) });
    }
  }
}

/** A consistent copy of a database in use, without what belongs to one repository. */
function copyDatabase(source: string, target: string): void {
  const live = new DatabaseSync(source, { readOnly: true, timeout: 2_000 });
  try {
    live.prepare('VACUUM INTO ?').run(target);
  } finally {
    live.close();
  }
  const copy = new DatabaseSync(target, { enableForeignKeyConstraints: false });
  try {
    const tables = copy.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").all();
    for (const { name } of tables) {
      if (typeof name === 'string' && !/migration/i.test(name)) copy.exec(`DELETE FROM "${name.replaceAll('"', '""')}"`);
    }
    copy.exec('PRAGMA journal_mode = DELETE');
  } finally {
    copy.close();
  }
}
