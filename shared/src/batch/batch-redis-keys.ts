/** Names of the batch ledger's Redis keys and channels. The Lua scripts build the same names from the same prefix. */
export const batchRedisKeys = {
  batch: (id: string) => `timbre:batch:${id}`,
  /** 8 characters for each slice, naming its result object; zero bytes where there is none. */
  tokens: (id: string) => `timbre:batch:${id}:tokens`,
  /** 8 characters for each manifest shard. */
  shardTokens: (id: string) => `timbre:batch:${id}:shards`,
  /** A bit for each slice that waits to be handed out. */
  todo: (id: string) => `timbre:batch:${id}:todo`,
  /** A bit for each slice with failed clips. */
  failed: (id: string) => `timbre:batch:${id}:failed`,
  /** Slices handed out and not done: number → JSON. Bounded by the feeder. */
  inFlight: (id: string) => `timbre:batch:${id}:slices`,
  /** 5-second interval → milliseconds of audio finished in it. */
  pace: (id: string) => `timbre:batch:${id}:pace`,
  tenantBatches: (tenant: string) => `timbre:tenant:${tenant}:batches`,
  /** Batches of a tenant whose results may be taken again, by model and features. */
  reusable: (tenant: string, space: string) => `timbre:reuse:${tenant}:${space}`,
  /** Unfinished batches, by the time of acceptance. */
  live: 'timbre:batches:live',
  /** Batches whose source is not read to its end, by the time to look again. */
  outbox: 'timbre:batches:outbox',
  deadlines: 'timbre:batches:deadlines',
  /** Ended batches whose outcome is not in the object store yet. */
  ended: 'timbre:batches:ended',
  /** `<tenant>/<id>` by the time the audio is deleted, and by the time everything is. */
  audioExpiry: 'timbre:batches:audio-expiry',
  expiry: 'timbre:batches:expiry',
  /** Batches made of an upload whose audio is still kept, by the prefix of its objects. */
  uploadUsers: (prefix: string) => `timbre:upload-users:${prefix}`,
  events: (id: string) => `timbre:batch-events:${id}`,
  /** Says that there may be something to hand out. */
  feed: 'timbre:feed',
} as const;

/** Characters of a result or shard token. */
export const tokenLength = 8;
