import { stripVTControlCharacters } from 'node:util';

/**
 * Controls but tab and newline, and characters that are not seen but reorder or hide text: bidirectional overrides and isolates,
 * zero-width spaces, tags, line and paragraph separators. The joiners stay: scripts and emoji need them.
 */
const unsafe = /(?![\n\t\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * Text of a model, a test or a file made harmless for a terminal: escape sequences go, other control and bidirectional characters
 * become `�`. Newlines and tabs stay; `\r\n` becomes `\n`.
 */
export const safeText = (text: string): string => stripVTControlCharacters(text).replaceAll('\r\n', '\n').replace(unsafe, '�');

/** The same on one line: any white space becomes a single space. */
export const safeLine = (text: string): string => safeText(text).replace(/\s+/gu, ' ').trim();
