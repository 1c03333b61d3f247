/**
 * Whose turn it is: start-time fair queueing (Goyal et al. 1996) over seconds of audio, first between tenants, then between the
 * batches of a tenant by weight. Whoever comes, anew or again, starts no earlier than where those who stayed are, so neither a
 * long absence nor a new batch is worth anything. Pure.
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

/** Takes turns between names that come and go. */
class Turns {
  private had = new Map<string, number>();
  /** Who stood in line at the last pick. */
  private present: ReadonlySet<string> = new Set();
  /** What the last one picked had had by then: those who were away catch up to it, and no further back. */
  private reached = 0;

  pick(names: ReadonlySet<string>): string | undefined {
    if (this.had.size > remembered) this.had = new Map([...this.had].filter(([name]) => names.has(name)));
    let best: string | undefined;
    for (const name of names) {
      const had = this.had.get(name) ?? 0;
      if (!this.present.has(name)) this.had.set(name, Math.max(had, this.reached));
      if (best === undefined || this.of(name) < this.of(best)) best = name;
    }
    this.present = names;
    if (best !== undefined) this.reached = Math.max(this.reached, this.of(best));
    return best;
  }

  charge(name: string, cost: number): void {
    this.had.set(name, this.of(name) + cost);
  }

  private of(name: string): number {
    return this.had.get(name) ?? this.reached;
  }
}

export function createFairShare(): FairShare {
  const tenants = new Turns();
  const batches = new Map<string, Turns>();

  return {
    pick(candidates) {
      const tenant = tenants.pick(new Set(candidates.map((candidate) => candidate.tenant)));
      if (tenant === undefined) return undefined;
      const own = candidates.filter((candidate) => candidate.tenant === tenant);
      const turns = batches.get(tenant) ?? new Turns();
      if (batches.size > remembered) batches.clear();
      batches.set(tenant, turns);
      const id = turns.pick(new Set(own.map((candidate) => candidate.id)));
      return own.find((candidate) => candidate.id === id);
    },
    charge({ id, tenant, weight }, audioMs) {
      const cost = Math.max(leastMs, audioMs);
      tenants.charge(tenant, cost);
      batches.get(tenant)?.charge(id, cost / weight);
    },
  };
}
