import type { RunState } from '../run/state.ts';

/** Whether a run was parked by the budget of a day, week or month that is over. @param today YYYY-MM-DD */
export const isRenewed = (parked: RunState['parked'], today: string): boolean =>
  parked?.budget !== undefined && parked.budget.renewsOn <= today;
