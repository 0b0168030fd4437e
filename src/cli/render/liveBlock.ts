import { stripVTControlCharacters } from 'node:util';
import type { OutputStream } from '../terminal.ts';
import { textWidth } from './textWidth.ts';

const synchronised = (text: string): string => `\u001b[?2026h${text}\u001b[?2026l`;

/** Lines at the end of a terminal that are redrawn in place. Each redraw is one write, so that nothing flickers. */
export class LiveBlock {
  readonly #stream: OutputStream;
  #drawn: readonly string[] = [];

  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  /** Replaces the block. More lines than the terminal is high are counted in the last one. */
  draw(lines: readonly string[], above: readonly string[] = []): void {
    const room = Math.max(1, this.#stream.rows - 1);
    const shown = lines.length <= room ? lines : [...lines.slice(0, room - 1), `  … and ${lines.length - room + 1} more`];
    if (above.length === 0 && shown.length === this.#drawn.length && shown.every((line, index) => line === this.#drawn[index])) return;
    const text = [...above, ...shown].map((line) => `${line}\u001b[K\n`).join('');
    this.#stream.write(synchronised(`${this.#goToTop()}${text}\u001b[J`));
    this.#drawn = shown;
  }

  /** Takes the block off the screen; what was printed above it stays. */
  clear(): void {
    if (this.#drawn.length === 0) return;
    this.#stream.write(`${this.#goToTop()}\u001b[J`);
    this.#drawn = [];
  }

  #goToTop(): string {
    // Lines drawn on a wider terminal wrap when it is made narrower.
    const rows = this.#drawn.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(textWidth(stripVTControlCharacters(line)) / this.#stream.columns)),
      0,
    );
    return rows === 0 ? '' : `\r\u001b[${rows}A`;
  }
}
