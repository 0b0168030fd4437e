import { stripVTControlCharacters } from 'node:util';
import { visibleCode, visibleText } from '../../base/visibleText.ts';

/**
 * Text of a model, a test or a file made harmless for a terminal: sequences that colour or move are left out, other control and bidirectional
 * characters become `�`. Newlines and tabs stay; `\r\n` becomes `\n`.
 */
export const safeText = (text: string): string => visibleText(stripVTControlCharacters(text));

/** The same on one line: any white space becomes a single space. */
export const safeLine = (text: string): string => safeText(text).replace(/\s+/gu, ' ').trim();

/** Code, or the name of a file, on one line: everything in it is seen, escape sequences too. */
export const safeCode = (text: string): string => visibleCode(text).replaceAll('\n', '␊').replaceAll('\t', '    ');
