/**
 * What the server's JavaScript engine (Bun's JavaScriptCore) is told: to compile later and never with its costliest compiler, and to collect garbage in
 * one go and on one thread. A server lives for minutes and mostly waits, so most of what is compiled by default never pays, and nobody notices a pause of
 * some milliseconds, while collecting beside the program costs more in all, in processors and memory. What runs really often is compiled all the same.
 */
const TUNING: Readonly<Record<string, string>> = {
  BUN_JSC_useFTLJIT: '0',
  BUN_JSC_thresholdForJITAfterWarmUp: '2000',
  BUN_JSC_thresholdForJITSoon: '500',
  BUN_JSC_thresholdForOptimizeAfterWarmUp: '10000',
  BUN_JSC_thresholdForOptimizeAfterLongWarmUp: '10000',
  BUN_JSC_thresholdForOptimizeSoon: '10000',
  BUN_JSC_useConcurrentGC: '0',
  BUN_JSC_numberOfGCMarkers: '1',
};

/** Nothing when the user tunes Bun. For the server alone: the commands that it runs get none of it. */
export const runtimeTuning = (userEnv: NodeJS.ProcessEnv): Readonly<Record<string, string>> =>
  Object.keys(userEnv).some((name) => name.startsWith('BUN_JSC_')) ? {} : TUNING;
