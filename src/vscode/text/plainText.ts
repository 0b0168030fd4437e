import { visibleCode, visibleText } from '../../base/visibleText.ts';

/** Text of a model, a test or a file as what it is; control and bidirectional characters become `�`. */
export const plainText = visibleText;

/** The same on one line and without links: any white space becomes a single space; cut after `most` characters. */
export function plainLine(text: string, most = 200): string {
  const line = withoutLinks(plainText(text.slice(0, most * 8)))
    .replace(/\s+/gu, ' ')
    .trim();
  const characters = [...line];
  return characters.length <= most ? line : `${characters.slice(0, most - 1).join('')}…`;
}

/**
 * The path of a file as what it is, on one line: what would hide or reorder something is named. Cut in the middle after `most` characters, since
 * a path is known by its end.
 */
export function plainPath(path: string, most = 200): string {
  const named = visibleCode(path).replaceAll('\n', '␊').replaceAll('\t', '␉');
  const characters = [...withoutLinks(named)];
  if (characters.length <= most) return characters.join('');
  const end = Math.ceil((most - 1) * 0.7);
  return `${characters.slice(0, most - 1 - end).join('')}…${characters.slice(-end).join('')}`;
}

/** For places that read `$(name)` as an icon and `&` as the mark of a key: a label of a quick pick, a menu, the status bar. */
export const withoutIcons = (text: string): string => text.replaceAll('$(', '$\u200c(');

/**
 * For places that read `[text](command:…)` as a link, and run what it says when it is pressed: notifications, and the line under an input
 * (`parseLinkedText` in VS Code's linkedText.ts).
 */
export const withoutLinks = (text: string): string => text.replace(/\](?=\((?:https?:|command:|file:))/gi, ']\u200c');
