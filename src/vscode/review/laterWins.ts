/** Something that several windows keep together, with the time of its last change by a person, milliseconds since the Unix epoch. */
export interface Kept {
  readonly at: number;
}

/** Takes over what another window has changed later. What is taken away has to stay as a mark, or it would come back. @returns the keys taken over */
export function takeLater<T extends Kept>(own: Map<string, T>, others: Iterable<readonly [string, T]>): Set<string> {
  const taken = new Set<string>();
  for (const [key, other] of others) {
    const mine = own.get(key);
    if (mine !== undefined && mine.at >= other.at) continue;
    own.set(key, other);
    taken.add(key);
  }
  return taken;
}
