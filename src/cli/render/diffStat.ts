import type { ChangedFile } from '../../core/journal/events.ts';
import { linesText, plural } from '../../core/projections/figures.ts';
import { safeCode } from './safeText.ts';
import { renderLine, type Style, tone, uncut } from './style.ts';
import { cutText, fitText, textWidth } from './textWidth.ts';

const letters: Record<ChangedFile['status'], string> = { added: 'A', modified: 'M', deleted: 'D', renamed: 'R', typeChanged: 'T' };

export interface DiffFacts {
  readonly files: readonly ChangedFile[];
  /** All files, also those that `files` has no room for. */
  readonly filesTotal: number;
  readonly added: number;
  readonly removed: number;
}

/** '4 files +62 −9'. */
export const diffSummary = (facts: DiffFacts): string => `${plural(facts.filesTotal, 'file')} ${linesText(facts.added, facts.removed)}`;

/** One line per changed file, at most `most`, the rest counted. */
export function diffStatLines(facts: DiffFacts, indent: string, style: Style, most = 12): string[] {
  const shown = facts.files.slice(0, most);
  const names = shown.map((file) => safeCode(file.oldPath === undefined ? file.path : `${file.oldPath} → ${file.path}`));
  const room = Math.max(12, Math.min(60, style.columns - textWidth(indent) - 20));
  const width = Math.min(room, Math.max(0, ...names.map(textWidth)));
  const lines = shown.map((file, index) => {
    const name = cutFront(names[index] ?? '', width);
    return renderLine(
      [indent, tone('accent', letters[file.status]), ' ', fitText(name, width), '  ', linesText(file.added, file.removed)],
      style,
    );
  });
  const more = facts.filesTotal - shown.length;
  return more > 0 ? [...lines, renderLine([`${indent}… and ${plural(more, 'more file', 'more files')}`], style)] : lines;
}

/** The end of a path says more than its start. */
function cutFront(path: string, columns: number): string {
  if (textWidth(path) <= columns) return path;
  const characters = [...path];
  while (characters.length > 0 && textWidth(characters.join('')) > columns - 1) characters.shift();
  return cutText(`…${characters.join('')}`, columns);
}

/** A unified diff for a terminal: harmless, coloured by its first characters, bounded in lines. */
export function patchLines(patch: string, style: Style, mostLines: number): string[] {
  const whole = uncut(style);
  const all = patch.replace(/\n$/, '').split('\n');
  const shown = all.slice(0, mostLines).map((raw) => {
    const line = safeCode(raw.replace(/\r$/, ''));
    if (line.startsWith('+++') || line.startsWith('---') || line.startsWith('diff ')) return renderLine([tone('strong', line)], whole);
    if (line.startsWith('@@')) return renderLine([tone('accent', line)], whole);
    if (line.startsWith('+')) return renderLine([tone('good', line)], whole);
    if (line.startsWith('-')) return renderLine([tone('bad', line)], whole);
    return renderLine([line], whole);
  });
  return all.length > mostLines ? [...shown, `… ${plural(all.length - mostLines, 'more line', 'more lines')}`] : shown;
}
