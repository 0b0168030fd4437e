import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { type UserErrorCode, UserFacingError } from '../../base/userFacingError.ts';
import type { Verification } from './verifyChain.ts';

/** What the verifier tells: progress, and last its finding or the error that stopped it. */
export type VerifierMessage =
  | { readonly kind: 'progress'; readonly entries: number }
  | { readonly kind: 'result'; readonly result: Verification }
  | { readonly kind: 'refused'; readonly code: UserErrorCode; readonly message: string; readonly actions: readonly string[] }
  | { readonly kind: 'failed'; readonly message: string };

/**
 * Walks the whole hash chain in a thread of its own (INV-009) and names the first entry that was changed, removed, inserted or
 * replaced. Reads only; an engine may go on appending, what it adds meanwhile is not looked at. A missing file is an empty journal.
 * @param options.worker URL of the program `verifierMain`.
 * @param onProgress gets the number of entries found in order so far.
 * @throws UserFacingError when the file can't be read at all; the signal's reason when aborted.
 */
export async function verifyJournal(
  options: { readonly file: string; readonly worker: URL },
  onProgress: (entries: number) => void = () => {},
  signal?: AbortSignal,
): Promise<Verification> {
  signal?.throwIfAborted();
  if (!existsSync(options.file)) return { ok: true, entries: 0 };
  const worker = new Worker(options.worker, { workerData: options.file });
  let stop = () => {};
  try {
    return await new Promise<Verification>((resolve, reject) => {
      stop = () => reject(signal?.reason);
      signal?.addEventListener('abort', stop, { once: true });
      worker.on('message', (message: VerifierMessage) => {
        if (message.kind === 'progress') onProgress(message.entries);
        else if (message.kind === 'result') resolve(message.result);
        else if (message.kind === 'refused') reject(new UserFacingError(message.code, message.message, { actions: message.actions }));
        else reject(new Error(`the verifier failed: ${message.message}`));
      });
      worker.on('error', reject);
      worker.on('exit', (code) => reject(new Error(`the verifier ended with code ${code} and no answer`)));
    });
  } finally {
    signal?.removeEventListener('abort', stop);
    await worker.terminate();
  }
}
