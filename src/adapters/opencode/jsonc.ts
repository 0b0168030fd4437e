/**
 * Parses JSON with `//` and block comments and trailing commas, as OpenCode's configuration files may have.
 * @throws SyntaxError as JSON.parse does.
 */
export function parseJsonc(text: string): unknown {
  let plain = '';
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  while (at < text.length) {
    const char = text[at];
    if (char === '"') {
      const end = endOfString(text, at);
      plain += text.slice(at, end);
      at = end;
    } else if (char === '/' && text[at + 1] === '/') {
      const end = text.indexOf('\n', at);
      at = end === -1 ? text.length : end;
    } else if (char === '/' && text[at + 1] === '*') {
      const end = text.indexOf('*/', at + 2);
      // Line breaks stay, so that a syntax error names the line of the file.
      plain += text.slice(at, end === -1 ? text.length : end).replace(/[^\n]/g, ' ');
      at = end === -1 ? text.length : end + 2;
    } else if (char === ',' && /^[\]}]/.test(afterBlanks(text, at + 1))) {
      at += 1;
    } else {
      plain += char;
      at += 1;
    }
  }
  return JSON.parse(plain);
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** The first character behind blanks and comments, or nothing. */
function afterBlanks(text: string, start: number): string {
  let at = start;
  for (;;) {
    while (/\s/.test(text[at] ?? '')) at += 1;
    if (text.startsWith('//', at)) {
      const end = text.indexOf('\n', at);
      at = end === -1 ? text.length : end;
    } else if (text.startsWith('/*', at)) {
      const end = text.indexOf('*/', at + 2);
      at = end === -1 ? text.length : end + 2;
    } else {
      return text[at] ?? '';
    }
  }
}
