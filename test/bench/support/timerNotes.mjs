import { appendFileSync } from 'node:fs';
import process from 'node:process';

// Loaded before a program (`--import`): each time that a timer of Reactor's own code goes off, a line with its delay and the process is added
// to the file that REACTOR_TIMER_NOTES names. What other code of the same process does is left alone.
const notes = process.env.REACTOR_TIMER_NOTES;
/** Where the bundles lie: in an installed extension, and where the program that is measured was built. */
const built = new URL('../../../dist/', import.meta.url).href;
const isOwn = (stack) => stack.includes(built) || /\/reactor\.reactor-[^/]*\/dist\//.test(stack);

const watched =
  (original, kind) =>
  (run, delayMs = 0, ...args) => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 30;
    const { stack } = new Error('where');
    Error.stackTraceLimit = stackTraceLimit;
    if (!isOwn(stack)) return original(run, delayMs, ...args);
    const noted = (...given) => {
      appendFileSync(notes, `${process.pid} ${kind} ${delayMs}\n`);
      run(...given);
    };
    return original(noted, delayMs, ...args);
  };

if (notes !== undefined) {
  const { setTimeout: timeout, setInterval: interval } = globalThis;
  globalThis.setTimeout = Object.assign(watched(timeout, 'timeout'), timeout);
  globalThis.setInterval = Object.assign(watched(interval, 'interval'), interval);
}
