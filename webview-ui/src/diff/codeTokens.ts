export interface CodeToken {
  readonly text: string;
  readonly kind: 'plain' | 'comment' | 'string' | 'number' | 'keyword';
}

const words =
  'abstract and as assert async await bool boolean break case catch char class const continue def default defer del do double elif else enum except export extends false final finally float fn for from func function global go if impl implements import in int interface is lambda let long loop map match mod module mut namespace new nil None not null or package pass private protected pub public raise readonly ref return select self short static struct super switch this throw throws trait True False true try type typeof undefined union unsafe use using var void while with yield';
const keywords = new Set(words.split(' '));

const hash = /\.(py|rb|sh|bash|ya?ml|toml|mk|pl|r|conf|ini|cfg)$|(^|\/)(Makefile|Dockerfile|\.gitignore|\.env[^/]*)$/i;
const plain = /\.(md|txt|csv|svg|lock|json5?)$|(^|\/)LICENSE$/i;

const slashPattern =
  /(\/\/.*$|\/\*.*?(?:\*\/|$)|^\s*\*(?:\s.*)?$)|("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|`(?:[^`\\]|\\.)*`?)|(\b\d[\w.]*)|([A-Za-z_$][\w$]*)/g;
const hashPattern = /(#.*$)|("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?)|(\b\d[\w.]*)|([A-Za-z_$][\w$]*)/g;

/** Longer lines are shown plain. */
const longest = 2000;

/**
 * A line of code in simple colours, by the ending of its file's name: comments, strings, numbers, words that most languages reserve. It
 * looks at one line alone, so the inside of a long comment or string is not known as such.
 */
export function codeTokens(line: string, path: string): CodeToken[] {
  if (plain.test(path) || line.length > longest) return [{ text: line, kind: 'plain' }];
  const pattern = hash.test(path) ? hashPattern : slashPattern;
  const tokens: CodeToken[] = [];
  let end = 0;
  for (const match of line.matchAll(pattern)) {
    const [text, comment, string, number, word] = match;
    const kind = comment !== undefined ? 'comment' : string !== undefined ? 'string' : number !== undefined ? 'number' : 'keyword';
    if (kind === 'keyword' && !keywords.has(word ?? '')) continue;
    if (match.index > end) tokens.push({ text: line.slice(end, match.index), kind: 'plain' });
    tokens.push({ text, kind });
    end = match.index + text.length;
  }
  if (end < line.length) tokens.push({ text: line.slice(end), kind: 'plain' });
  return tokens;
}
