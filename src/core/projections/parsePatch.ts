/** One hunk of a unified diff. Each line keeps its first character: ' ', '+', '-' or '\'. */
export interface PatchHunk {
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
  /** What git prints after the second @@: usually the function around. */
  readonly section: string;
  readonly lines: readonly string[];
}

export interface PatchFile {
  readonly path: string;
  /** The former path of a renamed file; else null. */
  readonly oldPath: string | null;
  readonly status: 'added' | 'modified' | 'deleted' | 'renamed';
  readonly binary: boolean;
  /** `100644 → 100755` when the mode changed; else null. */
  readonly modeChange: string | null;
  readonly added: number;
  readonly removed: number;
  readonly hunks: readonly PatchHunk[];
}

// What follows is text of a file and may hold any character but the one that ends lines.
const hunkHeader = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$/s;

/**
 * Parses a unified diff as git prints it. Inside a hunk the counts of its header decide what belongs to it, so that content which
 * looks like a header is content. Lines end with \n and nothing else. A patch that was cut on a line end gives what is there.
 */
export function parsePatch(text: string): PatchFile[] {
  const lines = text.endsWith('\n') ? text.slice(0, -1).split('\n') : text === '' ? [] : text.split('\n');
  const files: PatchFile[] = [];
  let at = 0;
  while (at < lines.length) {
    if (!(lines[at] ?? '').startsWith('diff --git ')) {
      at += 1;
      continue;
    }
    const start = at;
    at += 1;
    while (at < lines.length && !/^(diff --git |@@ )/.test(lines[at] ?? '')) at += 1;
    const head = lines.slice(start, at);
    const hunks: PatchHunk[] = [];
    for (;;) {
      const read = readHunk(lines, at);
      if (read === null) break;
      hunks.push(read.hunk);
      at = read.next;
    }
    files.push(fileOf(head, hunks));
  }
  return files;
}

function readHunk(lines: readonly string[], at: number): { hunk: PatchHunk; next: number } | null {
  const match = hunkHeader.exec(lines[at] ?? '');
  if (match === null) return null;
  const oldLines = Number(match[2] ?? 1);
  const newLines = Number(match[4] ?? 1);
  let next = at + 1;
  let old = 0;
  let fresh = 0;
  const content: string[] = [];
  for (; next < lines.length; next += 1) {
    const line = lines[next] ?? '';
    const mark = line[0];
    if (mark === '\\') {
      content.push(line);
      continue;
    }
    if (old >= oldLines && fresh >= newLines) break;
    if (mark !== '+' && mark !== '-' && mark !== ' ' && line !== '') break;
    if (mark !== '+') old += 1;
    if (mark !== '-') fresh += 1;
    content.push(line === '' ? ' ' : line);
  }
  const hunk = { oldStart: Number(match[1]), oldLines, newStart: Number(match[3]), newLines, section: match[5] ?? '', lines: content };
  return { hunk, next };
}

function fileOf(head: readonly string[], hunks: readonly PatchHunk[]): PatchFile {
  const after = (prefix: string): string | null => {
    const line = head.find((candidate) => candidate.startsWith(prefix));
    return line === undefined ? null : line.slice(prefix.length);
  };
  const side = (line: string | null, prefix: string): string | null => {
    // Git ends a name that has a space with a tab.
    const name = line === null ? null : unquote(line.replace(/\t$/, ''));
    return name === null || name === '/dev/null' ? null : name.replace(new RegExp(`^${prefix}/`), '');
  };
  const renamedFrom = after('rename from ');
  const renamedTo = after('rename to ');
  const both = samePath(head[0] ?? '');
  const path = (renamedTo === null ? null : unquote(renamedTo)) ?? side(after('+++ '), 'b') ?? side(after('--- '), 'a') ?? both;
  const oldMode = after('old mode ');
  const newMode = after('new mode ');
  const count = (mark: string) => hunks.reduce((sum, hunk) => sum + hunk.lines.filter((line) => line.startsWith(mark)).length, 0);
  return {
    path,
    oldPath: renamedFrom === null ? null : unquote(renamedFrom),
    status:
      after('new file mode ') !== null
        ? 'added'
        : after('deleted file mode ') !== null
          ? 'deleted'
          : renamedFrom === null
            ? 'modified'
            : 'renamed',
    binary: head.some((line) => line.startsWith('Binary files ') || line === 'GIT binary patch'),
    modeChange: oldMode !== null && newMode !== null ? `${oldMode} → ${newMode}` : null,
    added: count('+'),
    removed: count('-'),
    hunks,
  };
}

/** The path of a `diff --git a/x b/x` line whose two sides are the same, which is so when no other line names it. */
function samePath(line: string): string {
  const names = line.slice('diff --git '.length);
  if (names.startsWith('"')) return unquote(names.slice(0, (names.length - 1) / 2)).replace(/^a\//, '');
  return names.slice(0, (names.length - 1) / 2).replace(/^a\//, '');
}

const escapes: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, a: 7, b: 8, v: 11, f: 12, '"': 34, '\\': 92 };

/** Reads a name as git prints it: in quotes with C escapes of its UTF-8 bytes when it has unusual characters. */
function unquote(name: string): string {
  if (!name.startsWith('"') || !name.endsWith('"') || name.length < 2) return name;
  const bytes: number[] = [];
  const inside = name.slice(1, -1);
  for (const part of inside.matchAll(/\\([0-7]{3})|\\(.)|(.)/gsu)) {
    if (part[1] !== undefined) bytes.push(Number.parseInt(part[1], 8));
    else if (part[2] !== undefined) bytes.push(escapes[part[2]] ?? part[2].charCodeAt(0));
    else bytes.push(...utf8(part[3]?.codePointAt(0) ?? 0));
  }
  return fromUtf8(bytes);
}

const utf8 = (code: number): number[] => {
  if (code < 0x80) return [code];
  return [...encodeURIComponent(String.fromCodePoint(code)).matchAll(/%(..)/g)].map((match) => Number.parseInt(match[1] ?? '0', 16));
};

/** What is not UTF-8 becomes `�`, as in every other output of git that is read. */
const fromUtf8 = (bytes: readonly number[]): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
