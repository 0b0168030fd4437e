/**
 * C0 and C1 controls but tab and newline, DEL, bidirectional overrides and isolates, zero-width and invisible format characters,
 * line and paragraph separators, and tag characters: all that can move the cursor, reorder or hide text on a terminal.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: naming control characters is the point
const unsafe = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with a control character
const escapeSequence = /\u001b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~])/g;

/**
 * Text of a model, a test or a file made harmless for a terminal: escape sequences go, other control and bidirectional characters
 * become `�`. Newlines and tabs stay; `\r\n` becomes `\n`.
 */
export const safeText = (text: string): string => text.replace(escapeSequence, '').replaceAll('\r\n', '\n').replace(unsafe, '�');

/** The same on one line: any white space becomes a single space. */
export const safeLine = (text: string): string => safeText(text).replace(/\s+/gu, ' ').trim();
