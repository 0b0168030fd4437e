import type { ModelAction, ModelCall, ScriptedToolCall } from '../adapters/scriptedModel/scriptedModel.ts';

export interface SampleTask {
  readonly title: string;
  readonly prompt: string;
  readonly attempts: number;
}

/** One that goes green at once, one that goes green on its second attempt, one that never does. */
export const sampleTasks: readonly SampleTask[] = [
  { title: 'Add slugify', prompt: 'Add slugify(text) in src/slugify.js: lower case, words joined by dashes. Write tests.', attempts: 3 },
  {
    title: 'Parse durations',
    prompt: 'Add parseDuration(text) in src/parseDuration.js: "1h30m" becomes seconds. Write tests.',
    attempts: 3,
  },
  {
    title: 'Make 1900 a leap year',
    prompt: 'Change isLeapYear in src/leapYear.js so that 1900 counts as a leap year. Leave the tests alone.',
    attempts: 2,
  },
];

const write = (filePath: string, content: string): ScriptedToolCall => ({ name: 'write', args: { filePath, content } });
const read = (filePath: string): ScriptedToolCall => ({ name: 'read', args: { filePath } });
const testOf = (name: string, body: string): string =>
  `import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport { ${name} } from '../src/${name}.js';\n\n${body}`;

const slugifyTests = testOf(
  'slugify',
  "test('words are joined by dashes', () => assert.equal(slugify('Hello, big World!'), 'hello-big-world'));\ntest('accents go', () => assert.equal(slugify('Crème brûlée'), 'creme-brulee'));\n",
);
const slugify = `/** The text as a part of an address: lower case, words joined by dashes, accents removed. */
export const slugify = (text) =>
  text
    .normalize('NFKD')
    .replace(/\\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
`;
const durationTests = testOf(
  'parseDuration',
  "test('hours and minutes', () => assert.equal(parseDuration('1h30m'), 5400));\ntest('seconds', () => assert.equal(parseDuration('45s'), 45));\n",
);
const duration = (units: string): string => `const SECONDS = ${units};

/** Seconds of a duration such as 1h30m. */
export const parseDuration = (text) =>
  [...text.matchAll(/(\\d+)([hms])/g)].reduce((sum, [, count, unit]) => sum + Number(count) * SECONDS[unit], 0);
`;
const leapYear = (rule: string): string =>
  `/** Whether a year of the Gregorian calendar has 366 days. */\nexport const isLeapYear = (year) => ${rule};\n`;

type Turn = readonly { readonly say: string; readonly tools: readonly ScriptedToolCall[] }[];

function turnFor(prompt: string): Turn {
  const again = prompt.includes('failed its tests');
  if (prompt.includes('slugify')) {
    return [
      { say: 'I look at how a helper here is written.', tools: [read('src/capitalise.js')] },
      { say: 'Now the helper and its tests.', tools: [write('src/slugify.js', slugify), write('test/slugify.test.js', slugifyTests)] },
    ];
  }
  if (prompt.includes('parseDuration')) {
    const units = again ? '{ h: 3600, m: 60, s: 1 }' : '{ h: 60, m: 60, s: 1 }';
    return [
      {
        say: again ? 'An hour has 3600 seconds, not 60.' : 'A small parser will do.',
        tools: [write('src/parseDuration.js', duration(units))],
      },
      { say: 'And the tests.', tools: [write('test/parseDuration.test.js', durationTests)] },
    ];
  }
  return [
    { say: 'I read the rule first.', tools: [read('src/leapYear.js')] },
    {
      say: 'Every fourth year, then.',
      tools: [write('src/leapYear.js', leapYear(again ? 'year % 4 === 0 || year === 1900' : 'year % 4 === 0'))],
    },
  ];
}

/** What the scripted model answers in the sample: a pause as a model takes, a sentence, a tool or two. */
export function sampleScript(call: ModelCall): ModelAction {
  const step = turnFor(call.prompt)[call.turn];
  const input = 1200 + 300 * call.turn;
  if (step === undefined) return { text: 'Done.', delayMs: 150, usage: { in: input, out: 12, cached: input - 200 } };
  return {
    text: step.say,
    tools: step.tools,
    delayMs: 250,
    chunkMs: 20,
    usage: { in: input, out: 180, cached: call.turn === 0 ? 0 : input - 300 },
  };
}
