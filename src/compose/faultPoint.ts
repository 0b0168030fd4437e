import { openSync } from 'node:fs';
import process from 'node:process';
import type { Journal } from '../core/ports/journal.ts';

/**
 * For tests of dying: with REACTOR_DIE=`before:TYPE:FILE` or `after:TYPE:FILE` the engine is killed by SIGKILL right before it appends its
 * first entry of that type, when what the entry tells has been done and is not recorded, or right after it, when what follows has not
 * begun. Only the process that makes FILE dies, so that the next engine goes on. Without the variable the journal is as it was.
 */
export function withFaultPoint(journal: Journal, setting: string | undefined): Journal {
  const [when, type, file] = (setting ?? '').split(':');
  if (type === undefined || file === undefined) return journal;
  return new Proxy(journal, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== 'append') return value.bind(target);
      const append: Journal['append'] = async (request) => {
        const isHere = request.entries.some((entry) => entry.type === type);
        if (isHere && when === 'before') dieOnce(file);
        const stored = await target.append(request);
        if (isHere && when === 'after') dieOnce(file);
        return stored;
      };
      return append;
    },
  });
}

function dieOnce(file: string): void {
  try {
    openSync(file, 'wx');
  } catch {
    return;
  }
  process.kill(process.pid, 'SIGKILL');
}
