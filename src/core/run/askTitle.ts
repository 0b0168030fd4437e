/** Characters of the title of what is asked; all of it stands in the ask itself. */
const MOST = 300;

export const askTitle = (text: string): string => (text.length <= MOST ? text : `${text.slice(0, MOST - 1)}…`);

/** Whether there may be more than a title says; older journals have titles that were cut without a sign. */
export const isCutTitle = (title: string): boolean => title.length >= MOST;
