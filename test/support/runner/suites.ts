/** A group of test files that runs in a mocha process of its own, or each of its files does. */
export interface Suite {
  readonly name: string;
  /** Glob below the repository root. */
  readonly files: string;
  /** Each process is ended and counted as failed after this. */
  readonly limitMs: number;
  /** Limit of one test unless the test sets its own. */
  readonly testLimitMs: number;
  /** Processes of one stage run side by side, as many as the machine carries, and stages one after the other. */
  readonly stage: number;
  /** Every file has a process of its own, so that a stage keeps the processors busy. */
  readonly byFile?: true;
  /** Names of files that wait for most of their time. */
  readonly waiting?: readonly string[];
  /** Starts the built command, so the bundles have to be there. */
  readonly needsBuild: boolean;
  /** Starts agent servers: afterwards none may be left. */
  readonly startsServers: boolean;
  /** Needs a real editor, a browser and a packager, which are installed before when they are missing. */
  readonly needsEditor?: true;
  /** Runs by its own name and with `all`, not with `npm test`: it takes too long. */
  readonly onRequest?: true;
}

const minutes = (count: number): number => count * 60_000;

/** All suites in the order they are reported. A new kind of test is a new entry here. The limits of the stages add up to less than 35 minutes. */
export const suites: readonly Suite[] = [
  {
    name: 'unit',
    files: 'test/unit/**/*.test.ts',
    limitMs: minutes(5),
    testLimitMs: 20_000,
    stage: 1,
    needsBuild: false,
    startsServers: false,
  },
  {
    name: 'contract',
    files: 'test/contract/**/*.test.ts',
    limitMs: minutes(3),
    testLimitMs: 120_000,
    stage: 2,
    needsBuild: true,
    startsServers: true,
  },
  {
    name: 'replay',
    files: 'test/replay/**/*.test.ts',
    limitMs: minutes(2),
    testLimitMs: 60_000,
    stage: 2,
    needsBuild: true,
    startsServers: false,
  },
  {
    name: 'host',
    files: 'test/host/**/*.test.ts',
    limitMs: minutes(8),
    testLimitMs: 180_000,
    stage: 3,
    needsBuild: true,
    startsServers: true,
    needsEditor: true,
  },
  {
    name: 'chaos',
    files: 'test/chaos/**/*.test.ts',
    limitMs: minutes(8),
    testLimitMs: 180_000,
    stage: 3,
    needsBuild: true,
    startsServers: true,
  },
  {
    name: 'integration',
    files: 'test/integration/!(tcr*|moneyLedger|moneyPolicies|opencodeModelFailures).test.ts',
    byFile: true,
    limitMs: minutes(8),
    testLimitMs: 180_000,
    stage: 3,
    needsBuild: true,
    startsServers: true,
  },
  {
    name: 'job',
    files:
      'test/integration/tcr!(Deaths|LandingPlaces|LandingSettings|LandingStops|ModelFailures|Prediction|Samples|Scheduling|StrangeFiles|Volumes|Warm).test.ts',
    byFile: true,
    waiting: ['tcrStuckServer', 'tcrStuckEngine'],
    limitMs: minutes(8),
    testLimitMs: 180_000,
    stage: 3,
    needsBuild: true,
    startsServers: true,
  },
  {
    name: 'long',
    files:
      'test/integration/@(moneyLedger|moneyPolicies|opencodeModelFailures|tcr@(Deaths|LandingPlaces|LandingSettings|LandingStops|ModelFailures|Prediction|Samples|Scheduling|StrangeFiles|Volumes|Warm)).test.ts',
    byFile: true,
    limitMs: minutes(8),
    testLimitMs: 180_000,
    stage: 5,
    needsBuild: true,
    startsServers: true,
    onRequest: true,
  },
  {
    name: 'crowd',
    files: 'test/crowd/**/*.test.ts',
    limitMs: minutes(45),
    testLimitMs: minutes(40),
    stage: 5,
    needsBuild: true,
    startsServers: true,
    onRequest: true,
  },
  {
    name: 'ui',
    files: 'test/ui/**/*.test.ts',
    limitMs: minutes(12),
    testLimitMs: 180_000,
    stage: 6,
    needsBuild: true,
    startsServers: true,
    needsEditor: true,
    onRequest: true,
  },
];
