import type { PermissionRule } from '../model/permissionRule.ts';
import { matchesWildcard } from './wildcard.ts';

/** The permission that a person gives or refuses for one host and port. */
export const NETWORK = 'network';

/** Ports of a rule that names none. */
const USUAL_PORTS = [80, 443];

interface HostRule {
  readonly host: string;
  /** Null: the usual ones. */
  readonly port: number | null;
}

const RULE = /^(?:\[([0-9a-f:.]+)\]|([^\s/:@[\]]+))(?::(\d{1,5}))?$/;

/** Null when it is no host, or a port that there is not. */
export function parseHostRule(text: string): HostRule | null {
  const match = RULE.exec(text.toLowerCase());
  if (match === null) return null;
  const port = match[3] === undefined ? null : Number(match[3]);
  return port !== null && (port < 1 || port > 65_535) ? null : { host: withoutDot(match[1] ?? match[2] ?? ''), port };
}

/** Names that mean this machine: a rule for one has to say the port, as all other cells are there too. */
export const isOwnName = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost') || isOwnAddress(host);

/** Services of a provider of machines that tell each machine its keys, on addresses that are not of the link. */
const OF_PROVIDERS = ['100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254', 'fd20:ce::254'];

/** Addresses of this machine itself, of its link and of its provider, whose services trust whoever reaches them. */
export function isOwnAddress(address: string): boolean {
  const plain = translated(address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, ''));
  return (
    /^(127\.|0\.|169\.254\.)/.test(plain) ||
    plain === '::1' ||
    plain === '::' ||
    /^fe[89ab][0-9a-f]:/.test(plain) ||
    plain.startsWith('::ffff:') ||
    OF_PROVIDERS.includes(plain)
  );
}

/** Of a network that has IPv6 alone, the address of IPv4 that is meant (RFC 6052). */
function translated(address: string): string {
  const [, high, low] = /^64:ff9b::(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,4})$/.exec(address) ?? [];
  if (low === undefined) return address;
  return [high ?? '0', low].flatMap((half) => [Number.parseInt(half, 16) >> 8, Number.parseInt(half, 16) & 0xff]).join('.');
}

const isAddress = (host: string): boolean => host.includes(':') || /^[\d.]+$/.test(host);
const withoutDot = (host: string): string => host.replace(/\.$/, '');

/** `example.com` means that host, `*.example.com` those below it; without a port 80 and 443. */
export function allowsHost(rules: readonly string[], host: string, port: number): boolean {
  const name = withoutDot(host.toLowerCase());
  return rules.some((text) => {
    const rule = parseHostRule(text);
    if (rule === null || (rule.port === null ? !USUAL_PORTS.includes(port) : rule.port !== port)) return false;
    // No pattern means an address, or this machine.
    return rule.host === name || (!isOwnName(name) && !isAddress(name) && matchesWildcard(rule.host, name));
  });
}

/** The same for a whole address; false when it is none of the web, or says more before the host than programs agree on. */
export function allowsAddress(rules: readonly string[], address: string): boolean {
  const match = /^(https?):\/\/(\[[0-9a-f:.]+\]|[^\s/:?#@\\[\]]+)(?::(\d{1,5}))?(?:[/?#]|$)/i.exec(address);
  if (match === null) return false;
  const [, protocol = '', host = '', port] = match;
  return allowsHost(
    rules,
    host.replace(/^\[|\]$/g, ''),
    port === undefined ? (protocol.toLowerCase() === 'https' ? 443 : 80) : Number(port),
  );
}

export const hostText = (host: string, port: number): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);

/** What a person has said of it in this run; null when nobody was asked. */
export const saidOf = (granted: readonly PermissionRule[], host: string, port: number): PermissionRule['action'] | null =>
  granted.findLast(({ permission, pattern }) => permission === NETWORK && pattern === hostText(host, port))?.action ?? null;
