import type { SeededRandom } from './seededRandom.ts';

const texts = [
  '',
  'r1',
  'TASK-001-r1',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '\u0000',
  '\u202e',
  '-rf',
  '\ud800',
  '9'.repeat(400),
  'x'.repeat(5000),
];
const numbers = [0, -0, -1, 1, 1.5, 1e300, -1e300, 2 ** 53, 2 ** 31, 1e-300, 255];
const keys = ['id', 'method', 'params', 'run', 'tree', 'type', 'request', '__proto__', 'constructor', 'toString', 'length', 'decision', ''];

/** Any value that JSON can carry, not too deep. */
export function anyJson(random: SeededRandom, depth = 4): unknown {
  switch (random.below(depth <= 0 ? 5 : 7)) {
    case 0:
      return null;
    case 1:
      return random.below(2) === 0;
    case 2:
      return random.pick(numbers);
    case 3:
      return random.pick(texts);
    case 4:
      return random.text('abc{}[]"\\\n\u0000é漢', 20);
    case 5:
      return Array.from({ length: random.below(5) }, () => anyJson(random, depth - 1));
    default:
      // Parsed, so that `__proto__` is a field as it would be in a message.
      return JSON.parse(
        `{${Array.from({ length: random.below(5) }, () => `${JSON.stringify(random.pick(keys))}:${JSON.stringify(anyJson(random, depth - 1))}`).join(',')}}`,
      ) as unknown;
  }
}

/** A value like the given one with a few places changed, left out or added. */
export function mutated(random: SeededRandom, value: unknown): unknown {
  if (random.below(12) === 0) return anyJson(random, 2);
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => (random.below(3) === 0 ? mutated(random, item) : item));
    return random.below(6) === 0 ? [...items, anyJson(random, 2)] : items;
  }
  if (value === null || typeof value !== 'object') return random.below(3) === 0 ? anyJson(random, 1) : value;
  const fields = Object.entries(value)
    .filter(() => random.below(10) > 0)
    .map(([name, field]: [string, unknown]) => [name, random.below(2) === 0 ? mutated(random, field) : field]);
  if (random.below(6) === 0) fields.push([random.pick(keys), anyJson(random, 2)]);
  return Object.fromEntries(fields);
}
