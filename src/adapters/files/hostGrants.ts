import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { z } from 'zod';
import type { HostGrant, HostGrants } from '../../core/ports/hostGrants.ts';

const Grant = z.object({ place: z.string(), by: z.string(), at: z.number(), run: z.string() });

/** One file for each, so that giving one and taking back another never meet: `hosts/<hash of the place>.json` in the data folder. */
export function createHostGrants(dataFolder: string): HostGrants {
  const folder = join(dataFolder, 'hosts');
  const fileOf = (place: string): string => join(folder, `${createHash('sha256').update(place).digest('hex').slice(0, 32)}.json`);
  return {
    has: async (place) => (await readGrant(fileOf(place)))?.place === place,
    async list() {
      const names = await readdir(folder).catch(noneIfMissing);
      const found = await Promise.all(names.filter((name) => name.endsWith('.json')).map((name) => readGrant(join(folder, name))));
      return found.filter((grant) => grant !== null).sort((a, b) => (a.place < b.place ? -1 : 1));
    },
    async add(grant) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = fileOf(grant.place);
      const draft = `${file}.${process.pid}`;
      await writeFile(draft, `${JSON.stringify(grant)}\n`, { mode: 0o600 });
      await rename(draft, file);
    },
    async remove(place) {
      const had = (await readGrant(fileOf(place))) !== null;
      await rm(fileOf(place), { force: true });
      return had;
    },
  };
}

/** Null for none, and for one that is not understood: what can't be read allows nothing. */
async function readGrant(file: string): Promise<HostGrant | null> {
  try {
    return Grant.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return null;
  }
}

const noneIfMissing = (error: NodeJS.ErrnoException): string[] => {
  if (error.code === 'ENOENT') return [];
  throw error;
};
