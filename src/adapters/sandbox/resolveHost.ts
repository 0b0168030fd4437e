import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { isOwnAddress, isOwnName } from '../../core/policy/networkPolicy.ts';

/**
 * The address to connect to. A name of somebody else's that leads to this machine leads nowhere: whoever may answer for a name on the list
 * must not open the ports here. Null when there is no address.
 */
export async function resolveHost(host: string): Promise<string | null> {
  if (isIP(host) !== 0) return host;
  const found = await lookup(host, { all: true }).catch(() => []);
  const own = isOwnName(host) ? () => false : isOwn();
  return found.find(({ address }) => !own(address))?.address ?? null;
}

function isOwn(): (address: string) => boolean {
  const mine = new Set(Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)));
  return (address) => mine.has(address) || isOwnAddress(address);
}
