import { randomInt } from 'node:crypto';

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 14;

/**
 * An id for a user's message as the server itself makes them: they are sorted by their text, so the time stands first (milliseconds times
 * 4096, the lower 48 bits, in hexadecimal digits).
 * @param at milliseconds since the epoch.
 */
export function newMessageId(at: number): string {
  const time = BigInt.asUintN(48, BigInt(at) * 0x1000n)
    .toString(16)
    .padStart(12, '0');
  return `msg_${time}${Array.from({ length: RANDOM_LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('')}`;
}
