import type { Entry } from './entry.ts';
import { type DomainEvent, eventSchemas, isEventType } from './events.ts';

/** Changes the data of an entry of an older version to that of the next one. Keyed by `type@version`. */
type Upcast = (data: unknown) => unknown;
const upcasts: ReadonlyMap<string, Upcast> = new Map();
const CURRENT_VERSION = 1;

/**
 * The domain event an entry holds, brought up to the present version, or null when its type or version is not known here
 * (written by a newer Reactor): such entries are kept, counted and skipped.
 * @throws ZodError when a known type holds data that does not fit its schema: the journal is damaged.
 */
export function readEvent(entry: Pick<Entry, 'type' | 'version' | 'data'>): DomainEvent | null {
  if (!isEventType(entry.type) || entry.version > CURRENT_VERSION) return null;
  let data = entry.data;
  for (let version = entry.version; version < CURRENT_VERSION; version += 1) {
    data = upcasts.get(`${entry.type}@${version}`)?.(data) ?? data;
  }
  return { type: entry.type, data: eventSchemas[entry.type].parse(data) } as DomainEvent;
}
