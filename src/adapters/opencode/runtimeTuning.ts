/**
 * What the server's JavaScript engine (Bun's JavaScriptCore) is told: to compile later and never with its costliest compiler. A server lives for minutes and mostly
 * waits, so most of what is compiled by default never pays: this takes
 * processor time off its start and its first turn, and some memory. What runs really often is compiled all the same.
 */
const TUNING: Readonly<Record<string, string>> = {
  BUN_JSC_useFTLJIT: '0',
  BUN_JSC_thresholdForJITAfterWarmUp: '2000',
  BUN_JSC_thresholdForJITSoon: '500',
  BUN_JSC_thresholdForOptimizeAfterWarmUp: '10000',
  BUN_JSC_thresholdForOptimizeAfterLongWarmUp: '10000',
  BUN_JSC_thresholdForOptimizeSoon: '10000',
};

/** Nothing when the user tunes Bun. For the server alone: the commands that it runs get none of it. */
export const runtimeTuning = (userEnv: NodeJS.ProcessEnv): Readonly<Record<string, string>> =>
  Object.keys(userEnv).some((name) => name.startsWith('BUN_JSC_')) ? {} : TUNING;
