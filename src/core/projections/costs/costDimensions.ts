/** What costs are told apart by. */
export const costDimensions = ['task', 'model', 'day', 'week', 'month', 'category', 'operation'] as const;
export type CostDimension = (typeof costDimensions)[number];
