import type { Readable } from 'node:stream';

/** What a stream brings, up to a length; the rest is read and dropped. */
export class KeptOutput {
  readonly #chunks: Uint8Array[] = [];
  #room: number;
  #isCut = false;

  /** @param onCut called once, when there is more than is kept. */
  constructor(stream: Readable | null | undefined, mostBytes: number, onCut: () => void = () => {}) {
    this.#room = mostBytes;
    stream?.on('data', (chunk: Uint8Array) => {
      if (this.#isCut) return;
      this.#chunks.push(chunk.length > this.#room ? chunk.subarray(0, this.#room) : chunk);
      this.#isCut = chunk.length > this.#room;
      this.#room -= chunk.length;
      if (this.#isCut) onCut();
    });
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }
}
