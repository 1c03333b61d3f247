/**
 * The Lua behind batches. A batch of any size costs Redis one hash, a few bitmaps and 8 bytes for each slice: what clips
 * became lies in result objects, and a slice counts as done when the token of its result object is set, by one script
 * together with the counters.
 *
 * Fields of a batch hash: `spec`, `state`, `paused`, `expanded`, `resume` (where reading the source goes on), `total`,
 * `slices`, `shards`, `inFlight` (slices), `running` (clips), `succeeded`, `failed`, `reused`, `msTotal`, `msDone`, `msPre`
 * and `msInfer` (backlog by stage), `jobsPre`, `jobsInfer`, `code:<code>`, `decision:<label>`, `revision`, `round`, `startedAt`,
 * `finishedAt`, `deadline`, `ending` (what a canceling batch becomes; `broken`: what its counts say), `error`, `retryMs` and
 * `retryJobs` (what a slice sent through again was estimated at), `audioDeleted`.
 *
 * An entry in flight: `s` stage, `t` token of the attempt at work, `d` deaths, `f` failures, `g` generation, `q` since when it
 * waits, `c` clips, `m` milliseconds of audio, `cur` clip at work in quarantine, `sus` clip → deaths with it at work, `u` deaths with no clip at work, `pack`.
 */
import { webhookDueLua } from '../webhooks/webhook-due.js';

const prelude = `${webhookDueLua}
local function batchKey(id) return 'timbre:batch:' .. id end
local function ended(state) return state == 'succeeded' or state == 'completed_with_errors' or state == 'failed' or state == 'canceled' or state == 'expired' end
local function backlog(id, stage, ms, jobs)
  local queue = stage == 'preprocess' and 'preprocess-bulk' or 'infer-bulk'
  local suffix = stage == 'preprocess' and 'Pre' or 'Infer'
  redis.call('HINCRBY', 'timbre:backlog-ms', queue, ms)
  redis.call('HINCRBY', 'timbre:backlog-jobs', queue, jobs)
  redis.call('HINCRBY', batchKey(id), 'ms' .. suffix, ms)
  redis.call('HINCRBY', batchKey(id), 'jobs' .. suffix, jobs)
end
local function dropBacklog(id)
  local left = redis.call('HMGET', batchKey(id), 'msPre', 'jobsPre', 'msInfer', 'jobsInfer')
  backlog(id, 'preprocess', 0 - tonumber(left[1] or 0), 0 - tonumber(left[2] or 0))
  backlog(id, 'infer', 0 - tonumber(left[3] or 0), 0 - tonumber(left[4] or 0))
end
local function changed(id)
  local revision = redis.call('HINCRBY', batchKey(id), 'revision', 1)
  redis.call('PUBLISH', 'timbre:batch-events:' .. id, revision)
end
local function finish(id, now, state)
  if state == 'broken' then
    state = tonumber(redis.call('HGET', batchKey(id), 'succeeded')) > 0 and 'completed_with_errors' or 'failed'
  end
  redis.call('HSET', batchKey(id), 'state', state, 'finishedAt', now, 'running', 0, 'inFlight', 0)
  redis.call('DEL', batchKey(id) .. ':todo', batchKey(id) .. ':slices')
  dropBacklog(id)
  for _, name in ipairs({'live', 'outbox', 'deadlines'}) do redis.call('ZREM', 'timbre:batches:' .. name, id) end
  redis.call('ZADD', 'timbre:batches:ended', now, id)
  local spec = cjson.decode(redis.call('HGET', batchKey(id), 'spec'))
  if spec.webhookUrl then webhookDue(spec.tenant .. '/' .. id, now) end
  changed(id)
end
local function finishIfDone(id, now)
  local b = redis.call('HMGET', batchKey(id), 'state', 'expanded', 'total', 'succeeded', 'failed', 'inFlight', 'error')
  if b[2] ~= '1' or tonumber(b[6]) > 0 then return end
  if b[1] == 'canceling' then return finish(id, now, redis.call('HGET', batchKey(id), 'ending')) end
  if b[1] ~= 'running' then return end
  local succeeded, failed = tonumber(b[4]), tonumber(b[5])
  if succeeded + failed < tonumber(b[3]) or redis.call('BITCOUNT', batchKey(id) .. ':todo') > 0 then return end
  if succeeded == 0 then return finish(id, now, 'failed') end
  if failed > 0 or (b[7] and b[7] ~= '') then return finish(id, now, 'completed_with_errors') end
  finish(id, now, 'succeeded')
end
local function addCounts(id, now, counts)
  for field, n in pairs(counts) do
    if n ~= 0 then redis.call('HINCRBY', batchKey(id), field, n) end
  end
  local ms = counts.msDone or 0
  if ms > 0 then
    local pace = batchKey(id) .. ':pace'
    local interval = math.floor(tonumber(now) / 5000)
    if redis.call('HINCRBY', pace, interval, ms) == ms and redis.call('HLEN', pace) > 30 then
      for _, old in ipairs(redis.call('HKEYS', pace)) do
        if tonumber(old) < interval - 24 then redis.call('HDEL', pace, old) end
      end
    end
    redis.call('EXPIRE', pace, 600)
  end
end
local function setToken(id, list, position, token) redis.call('SETRANGE', batchKey(id) .. ':' .. list, position * 8, token) end
local function entryOf(id, slice)
  local text = redis.call('HGET', batchKey(id) .. ':slices', slice)
  return text and cjson.decode(text) or nil
end
local function save(id, slice, entry) redis.call('HSET', batchKey(id) .. ':slices', slice, cjson.encode(entry)) end
local function drop(id, slice, entry)
  redis.call('HDEL', batchKey(id) .. ':slices', slice)
  redis.call('HINCRBY', batchKey(id), 'inFlight', -1)
  if entry.c then redis.call('HINCRBY', batchKey(id), 'running', 0 - entry.c) end
end
`;

/** ARGV: id, tenant, spec, now, deadline, audioExpires, expires, maxLive, idempotency key, token, value, TTL (s), upload or ''. */
const accept = `
local id, tenant, spec, now, deadline, audioExpires, expires, maxLive, idem, idemToken, idemValue, idemTtl, upload = unpack(ARGV)
if idem ~= '' and redis.call('GET', idem) ~= 'pending:' .. idemToken then return 'lost' end
if redis.call('EXISTS', batchKey(id)) == 1 then return 'exists' end
if redis.call('ZCARD', 'timbre:batches:live') >= tonumber(maxLive) then return 'full' end
redis.call('HSET', batchKey(id), 'spec', spec, 'state', 'expanding', 'paused', 0, 'expanded', 0, 'resume', '', 'total', 0,
  'slices', 0, 'shards', 0, 'inFlight', 0, 'running', 0, 'succeeded', 0, 'failed', 0, 'reused', 0, 'msTotal', 0, 'msDone', 0,
  'revision', 0, 'round', 0, 'deadline', deadline)
redis.call('ZADD', 'timbre:tenant:' .. tenant .. ':batches', now, id)
redis.call('ZADD', 'timbre:batches:live', now, id)
redis.call('ZADD', 'timbre:batches:outbox', now, id)
redis.call('ZADD', 'timbre:batches:deadlines', deadline, id)
redis.call('ZADD', 'timbre:batches:audio-expiry', audioExpires, tenant .. '/' .. id)
redis.call('ZADD', 'timbre:batches:expiry', expires, tenant .. '/' .. id)
if upload ~= '' then redis.call('SADD', 'timbre:upload-users:' .. upload, id) end
if idem ~= '' then redis.call('SET', idem, idemValue, 'EX', idemTtl) end
changed(id)
return 'accepted'
`;

/**
 * ARGV: id, shard, token, now, resume, JSON {slices, total, msTotal, todo: [{slice, ms, jobs}], done: [{slice, token, failed}],
 * counts}. Adds a manifest shard, once: what is not the next one comes from a reader that was overtaken.
 */
const addShard = `
local id, shard, token, now, resume, given = unpack(ARGV)
local b = redis.call('HMGET', batchKey(id), 'state', 'shards')
if b[1] ~= 'expanding' then return 'ended' end
if b[2] ~= shard then return 'superseded' end
local add = cjson.decode(given)
redis.call('HSET', batchKey(id), 'resume', resume)
redis.call('HINCRBY', batchKey(id), 'shards', 1)
redis.call('HINCRBY', batchKey(id), 'slices', add.slices)
redis.call('HINCRBY', batchKey(id), 'total', add.total)
redis.call('HINCRBY', batchKey(id), 'msTotal', add.msTotal)
setToken(id, 'shards', tonumber(shard), token)
local ms, jobs = 0, 0
for _, slice in ipairs(add.todo) do
  redis.call('SETBIT', batchKey(id) .. ':todo', slice.slice, 1)
  ms = ms + slice.ms
  jobs = jobs + slice.jobs
end
backlog(id, 'preprocess', ms, jobs)
for _, slice in ipairs(add.done) do
  setToken(id, 'tokens', slice.slice, slice.token)
  if slice.failed then redis.call('SETBIT', batchKey(id) .. ':failed', slice.slice, 1) end
end
addCounts(id, now, add.counts)
changed(id)
redis.call('PUBLISH', 'timbre:feed', id)
return 'added'
`;

/** ARGV: id, now, error JSON or ''. The source is read to its end, or as far as it can be. */
const expanded = `
local id, now, failure = unpack(ARGV)
local state = redis.call('HGET', batchKey(id), 'state')
redis.call('ZREM', 'timbre:batches:outbox', id)
if state ~= 'expanding' then return 'ended' end
redis.call('HSET', batchKey(id), 'expanded', 1, 'state', 'running')
if failure ~= '' then redis.call('HSET', batchKey(id), 'error', failure) end
changed(id)
finishIfDone(id, now)
return 'expanded'
`;

/** ARGV: id, now, most. Hands out waiting slices, lowest number first; returns their numbers. */
const feed = `
local id, now, most = unpack(ARGV)
local b = redis.call('HMGET', batchKey(id), 'state', 'paused')
if (b[1] ~= 'running' and b[1] ~= 'expanding') or b[2] == '1' then return {} end
local given = {}
local todo = batchKey(id) .. ':todo'
for _ = 1, tonumber(most) do
  local slice = redis.call('BITPOS', todo, 1)
  if slice < 0 then break end
  redis.call('SETBIT', todo, slice, 0)
  save(id, slice, {s = 'preprocess', d = 0, f = 0, g = 0, q = tonumber(now)})
  given[#given + 1] = slice
end
if #given > 0 then redis.call('HINCRBY', batchKey(id), 'inFlight', #given) end
return given
`;

/** ARGV: id, slice, stage, token, now, quarantine (0/1), clips, ms, deaths with one clip that condemn it. */
const begin = `
local id, slice, stage, token, now, quarantine, clips, ms, condemn = unpack(ARGV)
local b = redis.call('HMGET', batchKey(id), 'state', 'spec', 'round', 'retryMs', 'retryJobs', 'deadline')
if not b[1] then return {'missing'} end
if ended(b[1]) then return {'terminal'} end
local entry = entryOf(id, slice)
if not entry or entry.s ~= stage then return {'superseded'} end
if entry.t and entry.t ~= token then
  entry.d = entry.d + 1
  entry.t = nil
  if entry.cur then
    entry.sus = entry.sus or {}
    local name = tostring(entry.cur)
    entry.sus[name] = (entry.sus[name] or 0) + 1
    entry.cur = nil
  else
    entry.u = (entry.u or 0) + 1
  end
end
if b[1] == 'canceling' then
  drop(id, slice, entry)
  finishIfDone(id, now)
  return {'terminal'}
end
entry.q = tonumber(now)
if entry.d > 0 and quarantine == '0' then
  save(id, slice, entry)
  return {'quarantine', entry.d, entry.g}
end
entry.t = token
if not entry.c then
  entry.c = tonumber(clips)
  entry.m = tonumber(ms)
  redis.call('HINCRBY', batchKey(id), 'running', clips)
  -- Sent through again, it was counted by an estimate: now it is known.
  if tonumber(b[3]) > 0 then backlog(id, 'preprocess', entry.m - tonumber(b[4]), entry.c - tonumber(b[5])) end
end
save(id, slice, entry)
redis.call('HSETNX', batchKey(id), 'startedAt', now)
local bad, suspects = {}, {}
for name, deaths in pairs(entry.sus or {}) do
  local list = deaths >= tonumber(condemn) and bad or suspects
  list[#list + 1] = tonumber(name)
end
local old = redis.call('GETRANGE', batchKey(id) .. ':tokens', slice * 8, slice * 8 + 7)
return {'run', entry.d, b[2], entry.pack or '', entry.f, entry.g, cjson.encode(bad), old, b[6], entry.u or 0, cjson.encode(suspects)}
`;

/** ARGV: id, slice, token, clip. Says which clip is at work, so that a death can be laid at its door; a clip that was survived is suspected no more. */
const mark = `
local id, slice, token, clip = unpack(ARGV)
local entry = entryOf(id, slice)
if not entry or entry.t ~= token then return 0 end
if clip == '' and entry.cur and entry.sus then entry.sus[tostring(entry.cur)] = nil end
entry.cur = clip ~= '' and tonumber(clip) or nil
save(id, slice, entry)
return 1
`;

/** ARGV: id, slice, token, now, countFailure (0/1). Returns the failures of this stage. */
const release = `
local id, slice, token, now, count = unpack(ARGV)
local entry = entryOf(id, slice)
if not entry or entry.t ~= token then return 0 end
if redis.call('HGET', batchKey(id), 'state') == 'canceling' then
  drop(id, slice, entry)
  finishIfDone(id, now)
  return 0
end
entry.t = nil
entry.cur = nil
entry.q = tonumber(now)
entry.f = entry.f + tonumber(count)
save(id, slice, entry)
return entry.f
`;

/** ARGV: id, slice, token, now, pack JSON, ms. */
const advance = `
local id, slice, token, now, pack, ms = unpack(ARGV)
local state = redis.call('HGET', batchKey(id), 'state')
if not state then return 'missing' end
if ended(state) then return 'terminal' end
local entry = entryOf(id, slice)
if not entry or entry.s ~= 'preprocess' or entry.t ~= token then return 'superseded' end
backlog(id, 'preprocess', 0 - entry.m, 0 - entry.c)
backlog(id, 'infer', ms, entry.c)
save(id, slice, {s = 'infer', d = 0, f = 0, g = entry.g, q = tonumber(now), c = entry.c, m = tonumber(ms), pack = pack})
return 'advanced'
`;

/** ARGV: id, slice, token, now, most generations. Returns the new generation, -1 when there were enough, -2 when overtaken. */
const remake = `
local id, slice, token, now, most = unpack(ARGV)
local entry = entryOf(id, slice)
if not entry or entry.s ~= 'infer' or entry.t ~= token then return -2 end
if entry.g >= tonumber(most) then return -1 end
backlog(id, 'infer', 0 - entry.m, 0 - entry.c)
backlog(id, 'preprocess', entry.m, entry.c)
save(id, slice, {s = 'preprocess', d = 0, f = 0, g = entry.g + 1, q = tonumber(now), c = entry.c, m = entry.m})
return entry.g + 1
`;

/** ARGV: id, slice, token, now, token of the result object, counts JSON (differences), any failed (0/1). */
const commit = `
local id, slice, token, now, result, counts, failed = unpack(ARGV)
local state = redis.call('HGET', batchKey(id), 'state')
if not state then return 'missing' end
if ended(state) then return 'terminal' end
local entry = entryOf(id, slice)
if not entry or entry.t ~= token then return 'superseded' end
setToken(id, 'tokens', tonumber(slice), result)
redis.call('SETBIT', batchKey(id) .. ':failed', slice, failed)
addCounts(id, now, cjson.decode(counts))
backlog(id, entry.s, 0 - entry.m, 0 - entry.c)
drop(id, slice, entry)
changed(id)
finishIfDone(id, now)
redis.call('PUBLISH', 'timbre:feed', id)
return 'committed'
`;

/** ARGV: id, slice. Takes a slice back that was handed out and has no task. */
const takeBack = `
local id, slice = unpack(ARGV)
local entry = entryOf(id, slice)
if not entry or entry.s ~= 'preprocess' or entry.t or entry.c or entry.d > 0 then return 0 end
local state = redis.call('HGET', batchKey(id), 'state')
if state ~= 'running' and state ~= 'expanding' then return 0 end
redis.call('SETBIT', batchKey(id) .. ':todo', slice, 1)
drop(id, slice, entry)
return 1
`;

/**
 * ARGV: id, now, what it becomes (`canceled`, `expired` or `broken`), error JSON or ''. Finished clips stay; slices at work
 * are given up. The first to end it decides what it becomes.
 */
const cancel = `
local id, now, becomes, failure = unpack(ARGV)
local state = redis.call('HGET', batchKey(id), 'state')
if not state then return 'missing' end
if ended(state) or state == 'canceling' then return state end
redis.call('HSET', batchKey(id), 'state', 'canceling', 'ending', becomes, 'cancelAt', now, 'expanded', 1)
if failure ~= '' then redis.call('HSET', batchKey(id), 'error', failure) end
redis.call('DEL', batchKey(id) .. ':todo')
local flat = redis.call('HGETALL', batchKey(id) .. ':slices')
for i = 1, #flat, 2 do
  local entry = cjson.decode(flat[i + 1])
  if not entry.t then drop(id, flat[i], entry) end
end
redis.call('PUBLISH', 'timbre:cancels', id)
changed(id)
finishIfDone(id, now)
return 'canceling'
`;

/** ARGV: id, now, since. Ends a canceling batch whose last attempts never answered. */
const forceEnd = `
local id, now, since = unpack(ARGV)
local b = redis.call('HMGET', batchKey(id), 'state', 'cancelAt', 'ending')
if b[1] ~= 'canceling' or tonumber(b[2]) > tonumber(since) then return 0 end
finish(id, now, b[3])
return 1
`;

/** ARGV: id, now, deadline. Slices with failed clips wait again; their other clips keep what they have. */
const retryFailed = `
local id, now, deadline = unpack(ARGV)
local state = redis.call('HGET', batchKey(id), 'state')
if not state then return 'missing' end
if state ~= 'completed_with_errors' and state ~= 'failed' then return state end
local slices = redis.call('BITCOUNT', batchKey(id) .. ':failed')
if slices == 0 then return state end
redis.call('BITOP', 'OR', batchKey(id) .. ':todo', batchKey(id) .. ':todo', batchKey(id) .. ':failed')
redis.call('HINCRBY', batchKey(id), 'round', 1)
local all = redis.call('HMGET', batchKey(id), 'slices', 'msTotal', 'total')
local ms = math.floor(tonumber(all[2]) / math.max(1, tonumber(all[1])))
local jobs = math.ceil(tonumber(all[3]) / math.max(1, tonumber(all[1])))
redis.call('HSET', batchKey(id), 'state', 'running', 'paused', 0, 'deadline', deadline, 'retryMs', ms, 'retryJobs', jobs)
redis.call('HDEL', batchKey(id), 'finishedAt', 'msPre', 'jobsPre', 'msInfer', 'jobsInfer')
redis.call('ZADD', 'timbre:batches:live', now, id)
redis.call('ZADD', 'timbre:batches:deadlines', deadline, id)
redis.call('ZREM', 'timbre:batches:ended', id)
backlog(id, 'preprocess', ms * slices, jobs * slices)
changed(id)
redis.call('PUBLISH', 'timbre:feed', id)
return 'retrying'
`;

/** ARGV: id, paused (0/1). */
const pause = `
local id, paused = unpack(ARGV)
local state = redis.call('HGET', batchKey(id), 'state')
if not state then return 'missing' end
if ended(state) or state == 'canceling' then return state end
redis.call('HSET', batchKey(id), 'paused', paused)
changed(id)
redis.call('PUBLISH', 'timbre:feed', id)
return 'ok'
`;

/**
 * ARGV: id, now, state, startedAt, finishedAt, error JSON or '', whether its webhook may not be delivered yet (0/1). What a
 * batch was that had ended before Redis lost it.
 */
const restore = `
local id, now, state, startedAt, finishedAt, failure, tell = unpack(ARGV)
local spec = redis.call('HGET', batchKey(id), 'spec')
if not spec then return 'missing' end
redis.call('HSET', batchKey(id), 'state', state, 'expanded', 1, 'finishedAt', finishedAt, 'running', 0, 'inFlight', 0)
if startedAt ~= '' then redis.call('HSET', batchKey(id), 'startedAt', startedAt) end
if failure ~= '' then redis.call('HSET', batchKey(id), 'error', failure) end
redis.call('DEL', batchKey(id) .. ':todo', batchKey(id) .. ':slices')
dropBacklog(id)
for _, name in ipairs({'live', 'outbox', 'deadlines'}) do redis.call('ZREM', 'timbre:batches:' .. name, id) end
local owner = cjson.decode(spec)
if tell == '1' and owner.webhookUrl then webhookDue(owner.tenant .. '/' .. id, now) end
changed(id)
return 'restored'
`;

export const batchScripts = {
  timbreBatchAccept: prelude + accept,
  timbreBatchAddShard: prelude + addShard,
  timbreBatchExpanded: prelude + expanded,
  timbreBatchFeed: prelude + feed,
  timbreBatchBegin: prelude + begin,
  timbreBatchMark: prelude + mark,
  timbreBatchRelease: prelude + release,
  timbreBatchAdvance: prelude + advance,
  timbreBatchRemake: prelude + remake,
  timbreBatchCommit: prelude + commit,
  timbreBatchTakeBack: prelude + takeBack,
  timbreBatchRestore: prelude + restore,
  timbreBatchCancel: prelude + cancel,
  timbreBatchForceEnd: prelude + forceEnd,
  timbreBatchRetryFailed: prelude + retryFailed,
  timbreBatchPause: prelude + pause,
} as const;
