import { randomInt } from 'node:crypto';
import getPort, { clearLockedPorts } from 'get-port';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { PortLease, PortLeases, ProcessIdentity } from '../../core/ports/processes.ts';
import { LeaseFolder } from './leaseFolder.ts';
import { portListener } from './portListener.ts';

export interface PortLeasesDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** The same for everything this user runs on the machine, and only theirs; it has to exist. Its file system must know hard links. */
  readonly folder: string;
  readonly identify: (pid: number) => ProcessIdentity | null;
  readonly isAlive: (process: ProcessIdentity) => boolean;
}

/**
 * A lease is a file per port in a folder; see LeaseFolder for how it is taken. A leased port is then really bound for a moment on
 * every local address, so that one which a foreign process listens on is passed over.
 */
export function createPortLeases({ clock, log, folder, identify, isAlive }: PortLeasesDeps): PortLeases {
  const leases = new LeaseFolder(folder, identify, isAlive);

  return {
    listener: portListener,
    async takeOver(port) {
      return leases.claim(port) ? portLease(leases, port) : null;
    },

    abandoned: () => leases.abandoned(),
    forget(port) {
      if (!leases.claim(port)) return false;
      leases.release(port);
      return true;
    },

    async lease(range, signal): Promise<PortLease | null> {
      const startedAt = clock.monotonic();
      let held: number | null = null;
      let isFree = false;
      const letGo = (): void => {
        if (held !== null) leases.release(held);
        held = null;
      };
      // get-port asks for the next candidate when the one before could not be bound.
      const candidates = function* (): Generator<number> {
        for (const port of shuffledStart(range.from, range.to)) {
          letGo();
          signal?.throwIfAborted();
          if (!leases.claim(port)) continue;
          held = port;
          yield port;
        }
        letGo();
      };
      try {
        // It also remembers for 15 s which ports it gave out; here the lease says that, and a port given back may be used at once.
        clearLockedPorts();
        const port = await getPort({ port: candidates() });
        signal?.throwIfAborted();
        // At the end of the candidates it falls back to any free port.
        if (held === null || port !== held) {
          log.log('warn', 'no port is free', { ...range });
          return null;
        }
        isFree = true;
        log.log('debug', 'leased a port', { port, durationMs: Math.round(clock.monotonic() - startedAt) });
        return portLease(leases, port);
      } finally {
        if (!isFree) letGo();
      }
    },
  };
}

function portLease(leases: LeaseFolder, port: number): PortLease {
  let isHeld = true;
  return {
    port,
    release: async () => {
      if (isHeld) leases.release(port);
      isHeld = false;
    },
  };
}

/** All ports from `from` to `to`, both included, beginning anywhere, so that processes that start together seldom meet. */
function* shuffledStart(from: number, to: number): Generator<number> {
  const size = to - from + 1;
  if (size < 1) return;
  const start = randomInt(size);
  for (let step = 0; step < size; step += 1) yield from + ((start + step) % size);
}
