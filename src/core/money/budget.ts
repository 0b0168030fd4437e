import { z } from 'zod';

export const BudgetPeriod = z.enum(['run', 'task', 'day', 'week', 'month']);
export type BudgetPeriod = z.infer<typeof BudgetPeriod>;

/** Which budget: over what time or piece of work, and of this repository or of all of a person's repositories together. */
export const BudgetScope = z.object({ over: BudgetPeriod, of: z.enum(['repository', 'everything']) });
export type BudgetScope = z.infer<typeof BudgetScope>;

/** What happens to a run whose budget is used up: it is parked, it ends, or it goes on and a warning is recorded. */
export const ExceedAction = z.enum(['pause', 'stop', 'warn']);
export type ExceedAction = z.infer<typeof ExceedAction>;
