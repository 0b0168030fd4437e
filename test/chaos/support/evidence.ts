import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Entry, readJournal } from './checker.ts';

const MOST_TEXT = 300;
const LOG_LINES = 60;

export interface EvidenceSource {
  readonly journal: string;
  /** Name of the repository. */
  readonly name: string;
}

/** One entry on one line, long texts cut. */
const entryLine = ({ seq, at, type, data }: Entry): string =>
  `${String(seq).padStart(6)} ${new Date(at).toISOString().slice(11, 23)} ${type} ${JSON.stringify(data, (_key, value: unknown) => (typeof value === 'string' ? value.slice(0, MOST_TEXT) : value)).slice(0, 3 * MOST_TEXT)}`;

const isOfEngines = ({ type }: Entry): boolean => type.startsWith('engine/');

/** What the journal has of a run, and of the engines that drove it meanwhile, then what the engines logged of it. */
export function evidenceOf({ journal }: EvidenceSource, run: string): string {
  const { entries } = readJournal(journal);
  const own = entries.filter((entry) => entry.run === run);
  const [first, last] = [own[0]?.seq ?? 0, own.at(-1)?.seq ?? 0];
  const shown = entries.filter((entry) => entry.run === run || (isOfEngines(entry) && entry.seq >= first && entry.seq <= last));
  const cells = [...new Set(own.flatMap(({ cell }) => (cell === null ? [] : [cell])))];
  const logged = linesOf(logFileOf(journal)).filter((line) => [run, ...cells].some((name) => line.includes(name)));
  return [
    `--- ${run}: what the journal has`,
    ...shown.map(entryLine),
    `--- ${run}: what the engines logged of it`,
    ...logged.slice(-LOG_LINES),
  ].join('\n');
}

const logFileOf = (journal: string): string => join(dirname(journal), 'engine.log');
const linesOf = (file: string): string[] => (existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []);

/** Copies journals and logs into a folder, where they outlive the room. */
export function keepEvidence(sources: readonly EvidenceSource[], folder: string): void {
  for (const { journal, name } of sources) {
    if (!existsSync(journal)) continue;
    const to = join(folder, name);
    mkdirSync(to, { recursive: true });
    const database = new DatabaseSync(journal, { timeout: 10_000 });
    try {
      database.exec(`VACUUM INTO '${join(to, 'journal.db')}'`);
    } finally {
      database.close();
    }
    const log = logFileOf(journal);
    for (const file of [log, `${log}.warden`])
      if (existsSync(file)) copyFileSync(file, join(to, file === log ? 'engine.log' : 'warden.log'));
  }
}

/** What a command has told, beside the journals. */
export function keepText(folder: string, name: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `${text}\n`);
}
