import { UserFacingError } from '../../base/userFacingError.ts';
import type { NewEntry } from './entry.ts';
import { readEvent } from './readEvent.ts';

/** More than any evidence or message needs; an entry above it is a bug of its writer. */
const MAX_DATA_CHARACTERS = 16 * 1024 * 1024;

/** An entry in the form in which it is stored, together with what reading it back will give. */
export interface EncodedEntry {
  readonly entry: NewEntry;
  readonly text: string;
  readonly data: unknown;
  /** False when the type or version is one that this Reactor does not know. */
  readonly known: boolean;
}

export interface DecodedData {
  readonly data: unknown;
  readonly known: boolean;
}

/** What to tell when an entry does not hold what its type promises. The store is left as it is. */
export const damagedEntry = (seq: number, what: string, cause?: unknown): UserFacingError =>
  new UserFacingError(
    'journalBroken',
    `Entry ${seq} of the journal is damaged: ${what}. Nothing was changed or repaired; what comes after it can't be trusted.`,
    {
      actions: ['reactor export --verify', 'restore the journal from a backup'],
      ...(cause === undefined ? {} : { cause }),
    },
  );

/**
 * Parses the data of a stored entry and brings it up to the present version; data of unknown types is given back raw.
 * @throws UserFacingError `journalBroken` when it is not JSON, or does not fit the schema of its type.
 */
export function decodeData(entry: { readonly seq: number; readonly type: string; readonly version: number }, text: string): DecodedData {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw damagedEntry(entry.seq, `the data of ${entry.type} is not JSON`, error);
  }
  try {
    const event = readEvent({ type: entry.type, version: entry.version, data: raw });
    return event === null ? { data: raw, known: false } : { data: event.data, known: true };
  } catch (error) {
    throw damagedEntry(entry.seq, `its data is not that of ${entry.type}`, error);
  }
}

/**
 * Checks a new entry and fixes its text, so that later changes to the object given don't matter.
 * @throws Error when the data does not fit its type: a bug of the caller, found before it is written.
 */
export function encodeEntry(entry: NewEntry): EncodedEntry {
  const text = JSON.stringify(entry.data);
  if (typeof text !== 'string') throw new TypeError(`data of ${entry.type} can't be stored as JSON`);
  if (text.length > MAX_DATA_CHARACTERS) throw new RangeError(`data of ${entry.type} is ${text.length} characters long`);
  if (!Number.isSafeInteger(entry.at) || !Number.isSafeInteger(entry.version)) {
    throw new TypeError(`${entry.type}: time and version must be whole numbers`);
  }
  const raw: unknown = JSON.parse(text);
  try {
    const event = readEvent({ type: entry.type, version: entry.version, data: raw });
    return { entry: { ...entry }, text, data: event === null ? raw : event.data, known: event !== null };
  } catch (error) {
    throw new TypeError(`data of ${entry.type} does not fit its schema`, { cause: error });
  }
}
