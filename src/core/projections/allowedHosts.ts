import type { ProjectConfig } from '../model/projectConfig.ts';
import type { HostGrant } from '../ports/hostGrants.ts';

/** A host that commands of all runs may reach. */
export interface AllowedHost {
  readonly place: string;
  /** A person's word, which can be taken back; null for one that stands in reactor.yaml. */
  readonly grant: HostGrant | null;
}

/** What commands may always reach: what persons allowed for good, then what the settings of the folder say. */
export const allowedHosts = ({ hosts }: Pick<ProjectConfig, 'hosts'>, grants: readonly HostGrant[]): readonly AllowedHost[] => [
  ...grants.map((grant) => ({ place: grant.place, grant })),
  ...hosts.map((place) => ({ place, grant: null })),
];

/** What the list is worth with the folder's network; '' where commands reach exactly these hosts. */
export function networkNote({ network }: Pick<ProjectConfig, 'network'>): string {
  if (network === 'allowlist') return '';
  const now = network === 'open' ? 'commands reach every host' : 'commands reach no host';
  return `With "network: ${network}" ${now}; this list counts with "network: allowlist".`;
}

/** 'ann', 'reactor.yaml'. */
export const allowedBy = ({ grant }: AllowedHost): string => (grant === null ? 'reactor.yaml' : grant.by.replace(/^person:/, ''));
