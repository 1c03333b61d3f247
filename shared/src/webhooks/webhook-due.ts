/**
 * What makes a webhook certain: the script that ends a job or a batch also puts `<tenant>/<id>` into the sorted set of what is
 * due, so there is no moment at which one is true without the other. What was sent and what comes next is in webhook-ledger.ts.
 */
export const webhookKeys = {
  /** `<tenant>/<id>` of ended jobs and batches whose webhook has not been delivered, by the time of the next attempt. */
  due: 'timbre:webhooks:due',
  /** Hash: how the delivery stands. */
  delivery: (subjectId: string) => `timbre:webhook:${subjectId}`,
  /** List of attempts, JSON, oldest first. */
  attempts: (subjectId: string) => `timbre:webhook-attempts:${subjectId}`,
} as const;

/**
 * Lua for the beginning of a script that ends something: `webhookDue(member, now)` with `<tenant>/<id>` as member. The
 * member is nil, false or empty where nobody wants to be told.
 */
export const webhookDueLua = `
local function webhookDue(member, now)
  if member and member ~= '' then redis.call('ZADD', '${webhookKeys.due}', now, member) end
end
`;

export const webhookMember = ({ tenant, id }: { tenant: string; id: string }) => `${tenant}/${id}`;
