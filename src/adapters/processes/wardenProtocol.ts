import type { ProcessIdentity } from '../../core/ports/processes.ts';

/** What the engine tells its warden: one JSON object per line on the warden's standard input. */
export type WardenMessage =
  | { readonly add: { readonly cell: string; readonly leader: ProcessIdentity | null } }
  | { readonly remove: string }
  | { readonly bye: true };

export const wardenLine = (message: WardenMessage): string => `${JSON.stringify(message)}\n`;

/** Parsed by hand, as the warden is kept free of packages. Null for anything else, such as a line cut off by the engine's death. */
export function parseWardenLine(line: string): WardenMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (!isRecord(value)) return null;
  if (value['bye'] === true) return { bye: true };
  if (typeof value['remove'] === 'string') return { remove: value['remove'] };
  const add = value['add'];
  if (!isRecord(add) || typeof add['cell'] !== 'string') return null;
  const leader = add['leader'];
  if (leader === null) return { add: { cell: add['cell'], leader: null } };
  if (!isRecord(leader) || typeof leader['pid'] !== 'number' || typeof leader['startTime'] !== 'string') return null;
  return { add: { cell: add['cell'], leader: { pid: leader['pid'], startTime: leader['startTime'] } } };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
