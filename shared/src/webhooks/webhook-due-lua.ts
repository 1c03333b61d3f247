/**
 * Lua that a commit script runs where a job or batch with a `webhookUrl` ends, so that its delivery is due in the same step.
 * Needs the locals `now`, `tenant` and `subject` (the id of the job or batch).
 */
export const webhookDueLua = `redis.call('ZADD', 'timbre:webhooks:due', now, tenant .. '/' .. subject)`;
