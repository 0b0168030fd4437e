/**
 * Characters that show nothing and yet do something: controls but tab and newline, marks that reorder text, separators, tags, fillers,
 * whatever Unicode says may be ignored. Left alone are joiners inside words of scripts and emoji that need them, and the one variation
 * selector behind a sign that comes in two looks.
 */
const hidden = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;
const spared: ReadonlySet<string> = new Set(['\u200c', '\u200d', '\ufe0e', '\ufe0f']);

const replaced = (text: string, by: (character: string) => string): string =>
  text
    .replaceAll('\r\n', '\n')
    .replace(hidden, (character, at: number, whole: string) => (isSpared(character, at, whole) ? character : by(character)));

/** Whether it stands where it belongs. */
function isSpared(character: string, at: number, whole: string): boolean {
  if (!spared.has(character)) return false;
  const before = whole.charCodeAt(at - 1);
  const after = whole.charCodeAt(at + 1);
  if (character >= '\ufe0e') return (before > 0x7f && !(before >= 0xfe00 && before <= 0xfe0f)) || /[#*0-9]/.test(whole.charAt(at - 1));
  return before > 0x7f && after > 0x7f;
}

/** Text of an agent, a test or a file as what it is: what would hide or reorder something is seen as `�`. `\r\n` becomes `\n`. */
export const visibleText = (text: string): string => replaced(text, () => '�');

/** The same for code and names of files, where it matters what it is: `␛`, `<U+202E>`. */
export const visibleCode = (text: string): string => replaced(text, named);

function named(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '␡' : `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}

/** A plain value (as in JSON) with every text of it visible. Fields of `names` stay as they are: they are keys to something, and are made visible where they are drawn. */
export function visibleIn<T>(value: T, names: ReadonlySet<string>): T {
  if (typeof value === 'string') return visibleText(value) as T;
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => visibleIn(item, names)) as T;
  const fields = Object.entries(value).map(([name, field]: [string, unknown]) => [name, names.has(name) ? field : visibleIn(field, names)]);
  return Object.fromEntries(fields) as T;
}
