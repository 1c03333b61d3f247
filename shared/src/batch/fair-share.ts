/**
 * Whose turn it is: start-time fair queueing (Goyal et al. 1996) over seconds of audio, first between tenants, then between the
 * batches of a tenant by weight. Whoever comes anew starts where the one furthest behind is, so neither a long absence nor a
 * new batch is worth anything. Pure.
 */
export interface Candidate {
  id: string;
  tenant: string;
  weight: number;
}

export interface FairShare {
  /** The candidate that has had least. */
  pick<C extends Candidate>(candidates: readonly C[]): C | undefined;
  charge(candidate: Candidate, audioMs: number): void;
}

/** Even a clip of no length costs something, or an endless row of them would always come first. */
const leastMs = 100;
const remembered = 10_000;

export function createFairShare(): FairShare {
  const tenants = new Map<string, number>();
  const batches = new Map<string, number>();

  const join = (had: Map<string, number>, names: Iterable<string>): void => {
    const known = [...names].flatMap((name) => had.get(name) ?? []);
    const start = known.length > 0 ? Math.min(...known) : Math.max(0, ...had.values());
    if (had.size > remembered) had.clear();
    for (const name of names) had.set(name, Math.max(had.get(name) ?? 0, start));
  };
  const least = (had: Map<string, number>, names: Iterable<string>): string | undefined => {
    let best: string | undefined;
    for (const name of names) if (best === undefined || (had.get(name) ?? 0) < (had.get(best) ?? 0)) best = name;
    return best;
  };

  return {
    pick(candidates) {
      const names = new Set(candidates.map(({ tenant }) => tenant));
      join(tenants, names);
      const tenant = least(tenants, names);
      const own = candidates.filter((candidate) => candidate.tenant === tenant);
      const ids = new Set(own.map(({ id }) => id));
      join(batches, ids);
      const id = least(batches, ids);
      return own.find((candidate) => candidate.id === id);
    },
    charge({ id, tenant, weight }, audioMs) {
      const cost = Math.max(leastMs, audioMs);
      tenants.set(tenant, (tenants.get(tenant) ?? 0) + cost);
      batches.set(id, (batches.get(id) ?? 0) + cost / weight);
    },
  };
}
