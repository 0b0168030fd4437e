import { posix } from 'node:path';

type Listener<T> = (value: T) => unknown;

/** The editor's small value types, as far as the extension uses them. */
export class FakeEventEmitter<T> {
  readonly #listeners = new Set<Listener<T>>();
  readonly event = (listener: Listener<T>): { dispose(): void } => {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  };
  fire(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }
  dispose(): void {
    this.#listeners.clear();
  }
}

export class FakeUri {
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
  readonly query: string;
  readonly fragment = '';
  constructor(parts: { scheme: string; authority?: string; path: string; query?: string }) {
    this.scheme = parts.scheme;
    this.authority = parts.authority ?? '';
    this.path = parts.path;
    this.query = parts.query ?? '';
  }
  static from(parts: { scheme: string; authority?: string; path: string; query?: string }): FakeUri {
    return new FakeUri(parts);
  }
  static file(path: string): FakeUri {
    return new FakeUri({ scheme: 'file', path });
  }
  static parse(text: string): FakeUri {
    const [, scheme = '', path = '', query = ''] = /^([a-z-]+):(?:\/\/)?([^?]*)\??(.*)$/.exec(text) ?? [];
    return new FakeUri({ scheme, path, query: decodeURIComponent(query) });
  }
  static joinPath(base: FakeUri, ...parts: string[]): FakeUri {
    return base.with({ path: posix.join(base.path, ...parts) });
  }
  get fsPath(): string {
    return this.path;
  }
  with(change: { scheme?: string; path?: string; query?: string }): FakeUri {
    return new FakeUri({ scheme: this.scheme, authority: this.authority, path: this.path, query: this.query, ...change });
  }
  toString(): string {
    return `${this.scheme}:${this.path}${this.query === '' ? '' : `?${encodeURIComponent(this.query)}`}`;
  }
}

export class FakePosition {
  readonly line: number;
  readonly character: number;
  constructor(line: number, character: number) {
    this.line = line;
    this.character = character;
  }
}

export class FakeRange {
  readonly start: FakePosition;
  readonly end: FakePosition;
  constructor(a: FakePosition | number, b: FakePosition | number, c = 0, d = 0) {
    this.start = typeof a === 'number' ? new FakePosition(a, b as number) : a;
    this.end = typeof a === 'number' ? new FakePosition(c, d) : (b as FakePosition);
  }
  get isEmpty(): boolean {
    return this.start.line === this.end.line && this.start.character === this.end.character;
  }
  /** By whole lines. */
  intersection(other: FakeRange): FakeRange | undefined {
    const [from, to] = [Math.max(this.start.line, other.start.line), Math.min(this.end.line, other.end.line)];
    return from > to ? undefined : new FakeRange(from, 0, to, 0);
  }
  union(other: FakeRange): FakeRange {
    return new FakeRange(Math.min(this.start.line, other.start.line), 0, Math.max(this.end.line, other.end.line), 0);
  }
}

export class FakeMarkdownString {
  value: string;
  readonly supportThemeIcons: boolean;
  isTrusted: unknown;
  constructor(value = '', supportThemeIcons = false) {
    this.value = value;
    this.supportThemeIcons = supportThemeIcons;
  }
  appendText(text: string): this {
    this.value += text.replace(/[\\`*_{}[\]()#+\-!~]/g, '\\$&').replace(/\n/g, '\n\n');
    return this;
  }
  appendMarkdown(text: string): this {
    this.value += text;
    return this;
  }
  appendCodeblock(text: string, language = ''): this {
    this.value += `\n\`\`\`${language}\n${text}\n\`\`\`\n`;
    return this;
  }
}

export class FakeThemeColor {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}

export class FakeThemeIcon {
  static readonly File = new FakeThemeIcon('file');
  readonly id: string;
  readonly color: FakeThemeColor | undefined;
  constructor(id: string, color?: FakeThemeColor) {
    this.id = id;
    this.color = color;
  }
}

export class FakeTreeItem {
  id?: string;
  label: string;
  description?: string;
  tooltip?: string | FakeMarkdownString;
  contextValue?: string;
  iconPath?: FakeThemeIcon;
  collapsibleState: number;
  checkboxState?: { state: number };
  command?: { command: string; arguments?: unknown[] };
  accessibilityInformation?: { label: string };
  resourceUri?: FakeUri;
  constructor(label: string, collapsibleState = 0) {
    this.label = label;
    this.collapsibleState = collapsibleState;
  }
}

export class FakeRelativePattern {
  readonly base: unknown;
  readonly pattern: string;
  constructor(base: unknown, pattern: string) {
    this.base = base;
    this.pattern = pattern;
  }
}

/** A class that only keeps what it was made with, under the names of its parameters. */
export const recordClass = <K extends string>(...names: readonly K[]) =>
  class {
    constructor(...values: unknown[]) {
      for (const [index, name] of names.entries()) if (values[index] !== undefined) Object.assign(this, { [name]: values[index] });
    }
  };
