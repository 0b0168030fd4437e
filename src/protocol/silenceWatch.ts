import type { Clock } from '../base/clock.ts';
import { type Disposable, toDisposable } from '../base/lifecycle.ts';

/** Looks without a word from the engine after which it is asked for a sign of life. */
const ASK_AFTER_LOOKS = 4;
/** Looks without a word after which it is given up. */
const MOST_LOOKS = 12;

/** What is watched: the client's side of a connection. */
export interface Listening {
  /** Messages that have come so far. */
  heard(): number;
  /** Something of the engine is waited for. */
  isWaiting(): boolean;
  /** Asks for any answer at all. */
  askForSign(): void;
  giveUp(reason: string): void;
}

/**
 * Gives a connection up when the engine at its other end says nothing for `silentMs` though it is asked: it is stopped or stuck. An engine whose
 * runs are silent answers. Looks are counted, not time: what passes while this process or the machine sleeps counts as one look.
 */
export function watchForSilence(listening: Listening, clock: Clock, silentMs: number): Disposable {
  let heard = listening.heard();
  let looks = 0;
  const look = (): void => {
    looks = listening.isWaiting() && listening.heard() === heard ? looks + 1 : 0;
    heard = listening.heard();
    if (looks >= MOST_LOOKS) return listening.giveUp(`it has said nothing for ${inWords(silentMs)}, though asked: it is stopped or stuck`);
    if (looks === ASK_AFTER_LOOKS) listening.askForSign();
    timer = clock.schedule(silentMs / MOST_LOOKS, look);
  };
  let timer = clock.schedule(silentMs / MOST_LOOKS, look);
  return toDisposable(() => timer.dispose());
}

const inWords = (ms: number): string => (ms === 60_000 ? 'a minute' : `${Math.round(ms / 1000)} seconds`);
