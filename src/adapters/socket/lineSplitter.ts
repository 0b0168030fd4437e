const newline = 0x0a;

/** Cuts a byte stream into lines of UTF-8 text. Holds at most one unfinished line, up to its bound. */
export class LineSplitter {
  readonly #maxLineBytes: number;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  /** The lines that `chunk` completes, empty ones left out. `overlong`: a line passed the bound; the rest of the stream is of no use. */
  push(chunk: Buffer): { readonly lines: readonly string[]; readonly overlong: boolean } {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      this.#hold(chunk.subarray(start, end));
      start = end + 1;
      if (this.#bytes > this.#maxLineBytes) return { lines, overlong: true };
      const line = this.#take();
      if (line.trim() !== '') lines.push(line);
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
    return { lines, overlong: this.#bytes > this.#maxLineBytes };
  }

  #hold(part: Buffer): void {
    this.#parts.push(part);
    this.#bytes += part.length;
  }

  #take(): string {
    const text = (this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts))?.toString('utf8') ?? '';
    this.#parts = [];
    this.#bytes = 0;
    return text;
  }
}
