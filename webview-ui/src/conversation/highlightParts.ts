export interface TextPart {
  readonly text: string;
  readonly isMatch: boolean;
}

/** A text in parts: what matches a word of the query, without regard to case, and what lies between. Together they are the text. */
export function highlightParts(text: string, query: string): TextPart[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const lower = text.toLowerCase();
  // Some letters have a lower case of another length: then places would not agree, and nothing is marked.
  if (words.length === 0 || lower.length !== text.length) return [{ text, isMatch: false }];
  const parts: TextPart[] = [];
  let at = 0;
  while (at < text.length) {
    const next = words
      .map((word) => ({ word, place: lower.indexOf(word, at) }))
      .filter(({ place }) => place >= 0)
      .sort((a, b) => a.place - b.place || b.word.length - a.word.length)[0];
    if (next === undefined) break;
    if (next.place > at) parts.push({ text: text.slice(at, next.place), isMatch: false });
    parts.push({ text: text.slice(next.place, next.place + next.word.length), isMatch: true });
    at = next.place + next.word.length;
  }
  if (at < text.length) parts.push({ text: text.slice(at), isMatch: false });
  return parts;
}
