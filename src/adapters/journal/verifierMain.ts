import { parentPort, workerData } from 'node:worker_threads';
import { errorText } from '../../base/log.ts';
import { UserFacingError } from '../../base/userFacingError.ts';
import { Connection } from './connection.ts';
import { refuseNewerSchema, schemaVersion } from './schema.ts';
import { verifyChain } from './verifyChain.ts';
import type { VerifierMessage } from './verifyJournal.ts';

const say = (message: VerifierMessage): void => parentPort?.postMessage(message);

/** The worker thread of `verifyJournal`. */
function verify(file: string): void {
  const connection = new Connection(file, 'read');
  try {
    refuseNewerSchema(connection);
    // A file that an engine has only just made holds nothing yet.
    if (schemaVersion(connection) === 0) return say({ kind: 'result', result: { ok: true, entries: 0 } });
    say({ kind: 'result', result: verifyChain(connection, (entries) => say({ kind: 'progress', entries })) });
  } finally {
    connection.close();
  }
}

try {
  verify(String(workerData));
} catch (error) {
  if (error instanceof UserFacingError) say({ kind: 'refused', code: error.code, message: error.message, actions: error.actions });
  else say({ kind: 'failed', message: errorText(error) });
}
