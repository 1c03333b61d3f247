/** How much one tenant may have in flight at once in this process: uploads, streams. */
import { AppError } from '@timbre/shared/errors';

export interface TenantQuota {
  /** Takes a place; call the answer once to give it back. @throws AppError `quota_exceeded` */
  acquire(tenant: string): () => void;
  inFlight(tenant: string): number;
  /** Tenants that have something in flight. */
  readonly tenants: number;
}

export interface TenantQuotaOptions {
  limit: number;
  /** Named in the error: `uploads`, `streams`. */
  what: string;
}

export function createTenantQuota({ limit, what }: TenantQuotaOptions): TenantQuota {
  const taken = new Map<string, number>();
  return {
    acquire(tenant) {
      const count = taken.get(tenant) ?? 0;
      if (count >= limit)
        throw new AppError('quota_exceeded', { details: { what, limit, observed: count }, retryAfterSeconds: 1 });
      taken.set(tenant, count + 1);
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        const left = (taken.get(tenant) ?? 1) - 1;
        if (left === 0) taken.delete(tenant);
        else taken.set(tenant, left);
      };
    },
    inFlight: (tenant) => taken.get(tenant) ?? 0,
    get tenants() {
      return taken.size;
    },
  };
}
