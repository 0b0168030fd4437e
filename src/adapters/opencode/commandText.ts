/** The end of a command's output as plain text. */
const LENGTH = 8_192;
const CONTROL_SEQUENCE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what is removed
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\|$)|[PX^_][^\u001b]*(?:\u001b\\|$)|[ -/]*[0-~])/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const CONTROL_CHARACTER = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u0080-\u009f]/g;

/** Terminal text as it would stand on paper: no colours, no cursor movements, and of an overwritten line its last state. */
export const plainText = (text: string): string =>
  text
    .replace(CONTROL_SEQUENCE, '')
    .replace(/\r+\n/g, '\n')
    .replace(/[^\n]*\r(?=[^\n])/g, '')
    .replace(/\r/g, '')
    .replace(CONTROL_CHARACTER, '');

/** The last 8 kB of what was printed, from a whole character on. */
export function outputTail(bytes: Uint8Array): string {
  let from = Math.max(0, bytes.length - LENGTH);
  while (from > 0 && from < bytes.length && ((bytes[from] ?? 0) & 0xc0) === 0x80) from += 1;
  return plainText(new TextDecoder().decode(bytes.subarray(from)));
}

export const TAIL_BYTES = LENGTH;
