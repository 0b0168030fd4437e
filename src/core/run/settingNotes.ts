import type { ProjectConfig } from '../model/projectConfig.ts';

/**
 * Sentences about settings that are understood but that this version does not act on, so that nobody relies on a limit that
 * is not there. Meant to be shown when a run is accepted.
 */
export function settingNotes({ budgets }: ProjectConfig): string[] {
  const notes: string[] = [];
  for (const name of ['perDayUsd', 'perWeekUsd', 'perMonthUsd'] as const) {
    if (budgets[name] !== undefined)
      notes.push(`budgets.${name} is not enforced yet: only budgets.perRunUsd and budgets.perTaskUsd stop a run`);
  }
  if (budgets.onExceed !== 'pause')
    notes.push(`budgets.onExceed: ${budgets.onExceed} is not possible yet: a run over its budget is paused`);
  if (budgets.unpriced !== 'allow')
    notes.push(`budgets.unpriced: ${budgets.unpriced} is not possible yet: a model without a price is let through`);
  return notes;
}
