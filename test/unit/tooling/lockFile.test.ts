import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'mocha';
import { type LockEntry, type LockFile, missingEntries } from '../../../scripts/completeLock.ts';

const read = <T>(name: string): T => JSON.parse(readFileSync(fileURLToPath(new URL(`../../../${name}`, import.meta.url)), 'utf8')) as T;

describe('the lock file', () => {
  const lock = read<LockFile>('package-lock.json');

  it('names what package.json names, so that npm ci accepts it', () => {
    const wanted = read<LockEntry>('package.json');
    const locked = lock.packages[''];
    const pick = (entry: LockEntry | undefined) => [entry?.dependencies, entry?.devDependencies, entry?.optionalDependencies];
    assert.deepEqual(pick(locked), pick(wanted));
  });

  it('has the packages of every platform and no registry of its own', () => {
    const resolved = Object.entries(lock.packages).filter(([, entry]) => entry.resolved !== undefined);
    assert.deepEqual([Object.keys(missingEntries(lock)), resolved.map(([path]) => path)], [[], []]);
  });

  it('is completed with exact versions and the platform of the name', () => {
    const packages: Record<string, LockEntry> = {
      '': {},
      'node_modules/a': {
        dev: true,
        optionalDependencies: { '@a/linux-arm-musleabihf': '1.2.3', '@a/linux-x64-gnu': '1.2.3', fsevents: '^2.0.0' },
      },
      'node_modules/@a/linux-x64-gnu': { version: '1.2.3' },
    };
    assert.deepEqual(missingEntries({ packages }), {
      'node_modules/@a/linux-arm-musleabihf': { version: '1.2.3', os: ['linux'], cpu: ['arm'], libc: ['musl'], dev: true, optional: true },
    });
  });
});
