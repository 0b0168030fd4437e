import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

export interface Line {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable;
  /** Ctrl-C while the question stands. */
  readonly interrupt: () => void;
}

/**
 * What a person types up to Enter, without it; null at the end of the input. Several lines pasted at once into a terminal are one answer.
 * Rejects with the signal's reason when it is aborted.
 */
export function askLine(question: string, { input, output, interrupt }: Line, signal?: AbortSignal): Promise<string | null> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const terminal = input.isTTY ?? false;
    const lines = createInterface({ input, output, terminal });
    const typed: string[] = [];
    // Settling comes before closing, so that the end of the interface isn't taken for the end of the input.
    const abort = () => {
      reject(signal?.reason);
      output.write('\n');
      lines.close();
    };
    const settle = () => {
      // The rest of what was pasted stands on the line and waits for Enter.
      if (terminal && lines.line !== '') return;
      resolve(typed.join('\n'));
      lines.close();
    };
    signal?.addEventListener('abort', abort, { once: true });
    lines.on('SIGINT', interrupt);
    lines.on('line', (line) => {
      typed.push(line);
      // The lines of one paste come one right after the other.
      if (terminal) setImmediate(settle);
      else settle();
    });
    lines.on('close', () => {
      signal?.removeEventListener('abort', abort);
      resolve(typed.length === 0 ? null : typed.join('\n'));
    });
    lines.setPrompt(question);
    lines.prompt();
  });
}
