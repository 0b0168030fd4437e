import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { sqliteFailure } from '../../../src/adapters/journal/sqliteFailure.ts';
import { UserFacingError } from '../../../src/base/userFacingError.ts';
import { refusalIn } from '../../../src/engine/gitRefused.ts';

const sqlite = (errcode: number): unknown => sqliteFailure('/data/spending.db', Object.assign(new Error('from SQLite'), { errcode }));

describe('What of an error is for a person to mend', () => {
  it('is a volume, or a database on it, that takes nothing more: the run waits', () => {
    const FULL = 13;
    const READONLY_DBMOVED = 1032;
    const errors = [Object.assign(new Error('write'), { code: 'ENOSPC' }), sqlite(FULL), sqlite(READONLY_DBMOVED)];
    assert.deepEqual(
      errors.map((error) => refusalIn(error)?.message.slice(0, 40)),
      ['a disk is full (write)', 'The disk is full, so the journal /data/s', "The journal /data/spending.db can't be w"],
    );
  });

  it('is not a damaged database, a setting, or a bug', () => {
    const CORRUPT = 11;
    const errors = [sqlite(CORRUPT), new UserFacingError('environment', 'no agent server was found'), new TypeError('x')];
    assert.deepEqual(errors.map(refusalIn), [null, null, null]);
  });
});
