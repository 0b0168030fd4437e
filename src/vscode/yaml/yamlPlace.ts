/** Where a position stands in a YAML file, as far as completion needs to know. Blocks only: what is in braces is left alone. */
export interface YamlPlace {
  /** Names from the top down to the map the position is in; numbers for list items. */
  readonly path: readonly (string | number)[];
  /** The setting whose value is being written, or null where a name belongs. */
  readonly setting: string | null;
  /** Names that the map has already, as far as they stand above or below in the same block. */
  readonly present: ReadonlySet<string>;
}

interface Line {
  readonly indent: number;
  /** Column at which the item's own map begins, for `- name: …`. */
  readonly inner: number;
  readonly isItem: boolean;
  readonly key: string | null;
}

function read(text: string): Line | null {
  if (/^\s*(#|$)/.test(text)) return null;
  const match = /^(\s*)(- +)?(?:([A-Za-z][\w-]*)\s*:(?:\s|$))?/.exec(text);
  const indent = match?.[1]?.length ?? 0;
  const dash = match?.[2]?.length ?? (/^\s*-\s*$/.test(text) ? 2 : 0);
  return { indent, inner: indent + dash, isItem: dash > 0, key: match?.[3] ?? null };
}

/** @param line and @param character from 0 */
export function yamlPlace(text: string, line: number, character: number): YamlPlace {
  const lines = text.split(/\r?\n/);
  const current = lines[line] ?? '';
  const before = current.slice(0, character);
  const value = /^\s*(?:- +)?([A-Za-z][\w-]*)\s*:\s+/.exec(before);
  const own = /^(\s*)(- +)?/.exec(before);
  let column = (own?.[1]?.length ?? 0) + (own?.[2]?.length ?? 0);
  const mine = column;
  const path: (string | number)[] = [];
  const present = new Set<string>();
  let counting = own?.[2] !== undefined;
  let items = 0;
  if (counting) column = own?.[1]?.length ?? 0;
  let sameMap = !counting;
  for (let at = line - 1; at >= 0; at -= 1) {
    const above = read(lines[at] ?? '');
    if (above === null) continue;
    if (sameMap && above.inner === mine && above.key !== null) present.add(above.key);
    if (above.isItem && above.indent < column && above.inner === column && !counting) {
      counting = true;
      sameMap = false;
      column = above.indent;
      continue;
    }
    if (above.isItem && counting && above.indent === column) items += 1;
    if (above.key !== null && !above.isItem && (above.indent < column || (counting && above.indent === column))) {
      if (counting) path.unshift(above.key, items);
      else path.unshift(above.key);
      counting = false;
      items = 0;
      sameMap = false;
      column = above.indent;
      if (column === 0) break;
    } else if (above.isItem && above.indent < column && above.key !== null) {
      // A map below a setting of a list item.
      if (above.inner < column) {
        path.unshift(above.key);
        column = above.inner;
        counting = true;
        sameMap = false;
        column = above.indent;
      }
    }
  }
  // A list that is the whole file.
  if (counting) path.unshift(items);
  for (let at = line + 1; at < lines.length; at += 1) {
    const below = read(lines[at] ?? '');
    if (below === null) continue;
    if (below.inner < mine || below.isItem) break;
    if (below.inner === mine && below.key !== null) present.add(below.key);
  }
  return { path, setting: value?.[1] ?? null, present };
}
