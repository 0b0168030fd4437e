import { type GitBytes, type GitCall, GitFailure } from './gitCommand.ts';
import { onRepository, type RepositoryContext } from './repositoryContext.ts';

interface Wanted {
  readonly name: string;
  readonly resolve: (content: Uint8Array | null) => void;
  readonly reject: (error: unknown) => void;
}

/** Files are held in memory until all of a call are there. */
const MOST_AT_ONCE = 16;
/** Of one file, and of all of a call. What is longer is looked at by nobody, and an agent can make it of nothing. */
const MOST_BYTES = 128 * 1024 * 1024;
const NEW_LINE = 0x0a;

/** Reads blobs by name; those that are asked for in the same turn of the event loop share one git. */
export class BlobReader {
  readonly #context: RepositoryContext;
  #wanted: Wanted[] = [];

  constructor(context: RepositoryContext) {
    this.#context = context;
  }

  /** @returns null when there is no blob of that name. @throws GitFailure when git fails, Error for one that is too long. */
  read(name: string): Promise<Uint8Array | null> {
    return new Promise((resolve, reject) => {
      this.#wanted.push({ name, resolve, reject });
      if (this.#wanted.length === 1) setImmediate(() => this.#flush());
    });
  }

  #flush(): void {
    const all = this.#wanted;
    this.#wanted = [];
    for (let at = 0; at < all.length; at += MOST_AT_ONCE) void this.#answer(all.slice(at, at + MOST_AT_ONCE));
  }

  async #answer(wanted: readonly Wanted[]): Promise<void> {
    try {
      const input = wanted.map(({ name }) => `${name}\0`).join('');
      const call = onRepository(this.#context, ['cat-file', '--batch', '-z'], { input, maxBytes: MOST_BYTES });
      const output = await this.#context.git.bytes(call);
      if (output.truncated && wanted.length > 1) {
        // Too much at once; each by itself may be short enough.
        await Promise.all(wanted.map((one) => this.#answer([one])));
        return;
      }
      if (output.truncated) throw new Error(`${pathIn(wanted[0])} is longer than ${MOST_BYTES / 1024 ** 2} MiB, and is not read`);
      const found = contents(call, output, wanted);
      for (const [index, { resolve }] of wanted.entries()) resolve(found[index] ?? null);
    } catch (error) {
      for (const { reject } of wanted) reject(error);
    }
  }
}

/** Of a blob's name, TREE:PATH. */
const pathIn = (one: Wanted | undefined): string => one?.name.replace(/^[^:]*:/, '') ?? '';

/** Answers come in the order of the names. A missing name is echoed before a word, and may hold anything; a hit begins with an object name. */
function contents(call: GitCall, output: GitBytes, wanted: readonly Wanted[]): (Uint8Array | null)[] {
  if (output.exitCode !== 0) throw new GitFailure(call, { ...output, stdout: '' });
  const { stdout } = output;
  let at = 0;
  return wanted.map(({ name }) => {
    const echoed = Buffer.byteLength(name);
    const isEcho = Buffer.from(stdout.subarray(at, at + echoed)).equals(Buffer.from(name));
    const end = stdout.indexOf(NEW_LINE, isEcho ? at + echoed : at);
    const head = /^[0-9a-f]{40,64} ([a-z]+) (\d+)$/.exec(Buffer.from(stdout.subarray(at, end)).toString('utf8'));
    at = end + 1;
    if (isEcho || head === null) return null;
    const content = stdout.slice(at, at + Number(head[2]));
    at += content.length + 1;
    return head[1] === 'blob' ? content : null;
  });
}
