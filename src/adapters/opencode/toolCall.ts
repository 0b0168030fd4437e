import type { PathGuard } from './pathGuard.ts';

type Input = Readonly<Record<string, unknown>>;

const EDITING = new Set(['edit', 'write', 'multiedit', 'patch', 'apply_patch']);
const PATCH_PATH = /^\*\*\* (?:Add File|Update File|Delete File|Move to): (.+)$/gm;
const TITLE_LENGTH = 200;

const text = (input: Input, ...keys: readonly string[]): string | null => {
  for (const key of keys) {
    const value = input[key];
    if (typeof value === 'string' && value !== '') return value;
  }
  return null;
};

/** Paths that a tool's call would write to, as the model gave them; empty for tools that do not edit. */
export function editedPaths(tool: string, input: Input): string[] {
  if (!EDITING.has(tool)) return [];
  const path = text(input, 'filePath', 'path', 'file');
  const patch = text(input, 'patchText', 'patch');
  const patched = patch === null ? [] : [...patch.matchAll(PATCH_PATH)].map((match) => (match[1] ?? '').trim());
  return [...(path === null ? [] : [path]), ...patched];
}

const READING = new Set(['read', 'list', 'grep', 'glob']);

/** Where a tool's call reads, as the model gave it; empty for tools that read in no one place. */
export function readPaths(tool: string, input: Input): string[] {
  const path = READING.has(tool) ? text(input, 'filePath', 'path') : null;
  return path === null ? [] : [path];
}

/** One line for people. */
export function toolTitle(tool: string, input: Input, guard: PathGuard, given?: string): string {
  const paths = editedPaths(tool, input);
  const title =
    paths.length > 0
      ? paths.map((path) => guard.display(path)).join(', ')
      : tool === 'bash'
        ? (text(input, 'command') ?? '')
        : tool === 'read' || tool === 'list'
          ? guard.display(text(input, 'filePath', 'path') ?? '.')
          : (text(input, 'pattern', 'url', 'query', 'description', 'name') ?? given ?? '');
  const line = title.replace(/\s+/g, ' ').trim();
  return line.length > TITLE_LENGTH ? `${line.slice(0, TITLE_LENGTH - 1)}…` : line;
}
