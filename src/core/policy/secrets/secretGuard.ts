import type { KnownSecret } from './knownSecrets.ts';
import { isPlaceholder, secretHint, secretRules } from './secretRules.ts';

/** A secret in a text. Never holds its value. */
export interface FoundSecret {
  /** Where it begins, in characters. */
  readonly at: number;
  /** For people: what it is, such as `GitHub token` or the name of the variable. */
  readonly name: string;
  /** What a person writes to allow this very value; tells values apart and gives none away. */
  readonly id: string;
}

interface Match extends FoundSecret {
  readonly end: number;
}

const SHORTEST = 8;

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

const covered = (name: string): string => `[secret: ${name}]`;

/** Finds and covers secrets: those of this machine by their values, others by their shapes. Time is in proportion to the text. */
export class SecretGuard {
  readonly #known: readonly KnownSecret[];
  readonly #digest: (text: string) => string;
  /** Nearly all texts have nothing of the sort in them, and cost one look. */
  readonly #hint: RegExp;

  /**
   * @param known secrets of this machine
   * @param digest hexadecimal digits of a cryptographic hash
   */
  constructor(known: readonly KnownSecret[], digest: (text: string) => string) {
    const lines = known.flatMap(({ name, value }) => value.split(/\r?\n/).map((line) => ({ name, value: line.trim() })));
    const unique = new Map(lines.filter(({ value }) => value.length >= SHORTEST).map((one) => [one.value, one]));
    // A value that holds another one is covered as a whole.
    this.#known = [...unique.values()].sort((a, b) => b.value.length - a.value.length);
    this.#digest = digest;
    this.#hint = new RegExp([...this.#known.map(({ value }) => escaped(value)), secretHint.source].join('|'));
  }

  /** All secrets in a text, in order, none inside another. */
  find(text: string): FoundSecret[] {
    return this.#matches(text).map(({ at, name, id }) => ({ at, name, id }));
  }

  /** The text with every secret covered by its name; the same text when there is none. Lines stay lines, and those of a diff keep their mark. */
  redact(text: string): string {
    const matches = this.#matches(text);
    if (matches.length === 0) return text;
    let out = '';
    let from = 0;
    for (const { at, end, name } of matches) {
      const [first, ...others] = text.slice(at, end).split('\n');
      out += text.slice(from, at) + (first === undefined ? '' : covered(name));
      for (const line of others) out += `\n${/^[+ -]/.exec(line)?.[0] ?? ''}${covered(name)}`;
      from = end;
    }
    return out + text.slice(from);
  }

  /** A plain value (as in JSON) with `redact` applied to every text in it; the same value when there is nothing to cover. */
  redactIn<T>(value: T): T {
    if (typeof value === 'string') return this.redact(value) as T;
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) {
      const items = value.map((item: unknown) => this.redactIn(item));
      return items.every((item, index) => item === value[index]) ? value : (items as T);
    }
    let changed = false;
    const fields = Object.entries(value).map(([name, field]: [string, unknown]) => {
      const safe = this.redactIn(field);
      changed ||= safe !== field;
      return [name, safe] as const;
    });
    return changed ? (Object.fromEntries(fields) as T) : value;
  }

  #matches(text: string): Match[] {
    if (text.length < SHORTEST || !this.#hint.test(text)) return [];
    const found: Match[] = [];
    for (const { name, value } of this.#known) {
      for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + value.length)) {
        found.push({ at, end: at + value.length, name, id: `known:${name}` });
      }
    }
    for (const { id, name, pattern } of secretRules) {
      for (const match of text.matchAll(pattern)) {
        const [value] = match;
        if (!isPlaceholder(value)) found.push({ at: match.index, end: match.index + value.length, name, id: this.#idOf(id, value) });
      }
    }
    return found.length < 2 ? found : withoutOverlaps(found);
  }

  #idOf(rule: string, value: string): string {
    return `${rule}:${this.#digest(value).slice(0, 16)}`;
  }
}

function withoutOverlaps(found: readonly Match[]): Match[] {
  const sorted = found.toSorted((a, b) => a.at - b.at || b.end - a.end);
  const out: Match[] = [];
  for (const match of sorted) {
    const last = out.at(-1);
    if (last === undefined || match.at >= last.end) out.push(match);
    // Two that overlap are covered together: no part of either may stay.
    else if (match.end > last.end) out[out.length - 1] = { ...last, end: match.end };
  }
  return out;
}
