/** A fence longer than any in the text, so that the text can't end it. */
export function fence({ language, text }: { readonly language: string; readonly text: string }): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length));
  const marks = '`'.repeat(longest + 1);
  return `${marks}${language}\n${text.replace(/\n$/, '')}\n${marks}`;
}
