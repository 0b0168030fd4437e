import { stripVTControlCharacters } from 'node:util';
import { visibleCode, visibleText } from '../../base/visibleText.ts';

/**
 * Text of a model, a test or a file made harmless for a terminal: sequences that colour or move are left out, other control and bidirectional
 * characters become `�`. Newlines and tabs stay; `\r\n` becomes `\n`.
 */
export const safeText = (text: string): string => visibleText(stripVTControlCharacters(withoutCommands(text)));

/** A title, a link or the like: what begins so runs until its end (ECMA-48, operating system command). */
const BEGIN = '\u001b]';
// biome-ignore lint/suspicious/noControlCharactersInRegex: it begins and ends with them
const command = /\u001b\][^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)/g;

/** One without an end stays, to be seen: the system's own function looks for the end from each beginning, which takes hours in a long text of them. */
const withoutCommands = (text: string): string => (text.includes(BEGIN) ? text.replace(command, '').replaceAll(BEGIN, '\ufffd]') : text);

/** The same on one line: any white space becomes a single space. */
export const safeLine = (text: string): string => safeText(text).replace(/\s+/gu, ' ').trim();

/** Code, or the name of a file, on one line: everything in it is seen, escape sequences too. */
export const safeCode = (text: string): string => visibleCode(text).replaceAll('\n', '␊').replaceAll('\t', '    ');
