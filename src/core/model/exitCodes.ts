/** Exit codes of the command line. Other tools rely on them. */
export const exitCodes = {
  done: 0,
  configuration: 1,
  taskFailed: 2,
  timeout: 3,
  security: 4,
  waits: 5,
  overBudget: 6,
  conflict: 7,
  interrupted: 130,
} as const;

/** From grave to harmless: what a person must know first decides for several runs. */
const byGravity: readonly number[] = [
  exitCodes.security,
  exitCodes.interrupted,
  exitCodes.configuration,
  exitCodes.timeout,
  exitCodes.taskFailed,
  exitCodes.conflict,
  exitCodes.overBudget,
  exitCodes.waits,
  exitCodes.done,
];

/** The gravest of several exit codes; 0 for none. */
export const gravest = (codes: readonly number[]): number => byGravity.find((code) => codes.includes(code)) ?? exitCodes.done;
