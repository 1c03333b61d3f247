/** Names of the ledger's Redis keys and channels. The Lua scripts build the same names from the same prefix. */
export const ledgerPrefix = 'timbre';

export const ledgerKeys = {
  job: (id: string) => `${ledgerPrefix}:job:${id}`,
  log: (id: string) => `${ledgerPrefix}:log:${id}`,
  tenantJobs: (tenant: string) => `${ledgerPrefix}:tenant:${tenant}:jobs`,
  idempotency: (tenant: string, key: string) => `${ledgerPrefix}:idem:${tenant}:${key}`,
  /** Unfinished jobs, by the time of acceptance. */
  live: `${ledgerPrefix}:live`,
  /** Jobs whose task has been promised to a queue and not yet begun, by the time to look again. */
  outbox: `${ledgerPrefix}:outbox`,
  deadlines: `${ledgerPrefix}:deadlines`,
  /** Finished jobs whose final record is not in the object store yet. */
  archive: `${ledgerPrefix}:archive`,
  /** Jobs by the time their record leaves Redis. */
  forget: `${ledgerPrefix}:forget`,
  /** `<tenant>/<id>` by the time all data of the job is deleted. */
  expiry: `${ledgerPrefix}:expiry`,
  /** `<stage>-<lane>` → milliseconds of audio waiting or running. */
  backlogMs: `${ledgerPrefix}:backlog-ms`,
  backlogJobs: `${ledgerPrefix}:backlog-jobs`,
  /** `<tenant>/<uploadId>` of uploads a batch is read from → until when they are kept. */
  keptUploads: `${ledgerPrefix}:uploads:kept`,
  /** Present while Redis holds the ledger; its absence means that Redis was emptied. */
  epoch: `${ledgerPrefix}:epoch`,
  events: (id: string) => `${ledgerPrefix}:events:${id}`,
  cancels: `${ledgerPrefix}:cancels`,
} as const;
