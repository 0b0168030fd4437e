import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The time of day of Node programs that are started with `env`, to be set while they run. Durations are not changed by it. */
export class SettableClock {
  readonly env: Readonly<Record<string, string>>;
  readonly #file: string;

  /** @param folder for two files. */
  constructor(folder: string) {
    this.#file = join(folder, 'clock-is-off-by');
    const program = join(folder, 'settable-clock.mjs');
    writeFileSync(
      program,
      `import { readFileSync } from 'node:fs';\nconst now = Date.now;\nDate.now = () => now() + Number(readFileSync(${JSON.stringify(this.#file)}, 'utf8'));\n`,
    );
    this.set(0);
    this.env = { NODE_OPTIONS: `--import=${program}` };
  }

  /** @param offsetMs from the machine's time of day. */
  set(offsetMs: number): void {
    writeFileSync(this.#file, String(offsetMs));
  }
}
