import picocolors from 'picocolors';
import type { OutputStream, Terminal } from '../terminal.ts';
import { cutText, textWidth } from './textWidth.ts';

export type Tone = 'good' | 'bad' | 'warn' | 'dim' | 'strong' | 'accent';

/** A stretch of a line. Colour never carries a meaning alone: a word or a mark stands beside it. */
export type Piece = string | { readonly text: string; readonly tone: Tone };

/** How text is made for one stream. */
export interface Style {
  readonly columns: number;
  readonly colours: boolean;
}

export const tone = (name: Tone, text: string): Piece => ({ text, tone: name });

const painters = picocolors.createColors(true);
const paint: Record<Tone, (text: string) => string> = {
  good: painters.green,
  bad: painters.red,
  warn: painters.yellow,
  dim: painters.dim,
  strong: painters.bold,
  accent: painters.cyan,
};

/** One line, cut to the width of the stream. */
export function renderLine(pieces: readonly Piece[], style: Style): string {
  let left = style.columns;
  let line = '';
  for (const piece of pieces) {
    const text = typeof piece === 'string' ? piece : piece.text;
    const cut = cutText(text, left);
    line += typeof piece === 'string' || !style.colours || cut === '' ? cut : paint[piece.tone](cut);
    left -= textWidth(text);
    if (left <= 0) break;
  }
  return style.colours ? line : line.trimEnd();
}

/** NO_COLOR and FORCE_COLOR (no-color.org, force-color.org) before what the stream is. */
export function coloursOf(stream: Pick<OutputStream, 'isTTY'>, environment: Terminal['environment']): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = environment;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return stream.isTTY && TERM !== 'dumb';
}

/** The same without a width: for text that must be seen whole, such as a diff; the terminal breaks its lines. */
export const uncut = (style: Style): Style => ({ ...style, columns: 1_000_000 });

/** Long lines are cut on a terminal only: a file or a pipe gets them whole. */
export const styleOf = (stream: OutputStream, environment: Terminal['environment']): Style => ({
  columns: stream.isTTY ? Math.max(40, stream.columns) : 1_000_000,
  colours: coloursOf(stream, environment),
});

/** In-place updates need a real terminal that a person watches. */
export const canUpdateInPlace = (stream: OutputStream, environment: Terminal['environment']): boolean =>
  stream.isTTY && environment.TERM !== 'dumb' && (environment.CI === undefined || environment.CI === '' || environment.CI === 'false');
