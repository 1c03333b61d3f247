/**
 * Every error code Timbre can answer with. `level`: `request` errors answer the HTTP call at once, `item` errors sit on the
 * job they belong to. `status` is the HTTP status a request error answers with (and what `/predict_instrument` answers for a
 * failed clip). `retryable`: the same request or task may succeed later without being changed.
 * `docs/errors.md` is generated from this table (`npm run docs`), and a test compares the two.
 */
export interface ErrorCatalogEntry {
  level: 'request' | 'item';
  status: number;
  retryable: boolean;
  title: string;
  /** What the person who meets it can do. */
  remedy: string;
}

const request = (status: number, title: string, remedy: string, retryable = false): ErrorCatalogEntry => ({
  level: 'request',
  status,
  retryable,
  title,
  remedy,
});
const item = (title: string, remedy: string, retryable = false, status = 422): ErrorCatalogEntry => ({
  level: 'item',
  status,
  retryable,
  title,
  remedy,
});

export const errorCatalog = {
  // Who is asking
  auth_missing: request(
    401,
    'No API key was sent',
    'Send `Authorization: Bearer <key>`; `timbre keys create` makes one.',
  ),
  auth_invalid: request(401, 'The API key is not known', 'Check the key for typing errors or make a new one.'),
  auth_expired: request(401, 'The API key has expired', 'Make a new key.'),
  forbidden: request(
    403,
    'The API key lacks the scope for this call',
    'Use a key with the scope named in `details.scope`.',
  ),
  not_found: request(404, 'There is nothing at this address', 'Check the id; records end at their `expiresAt`.'),
  // The request itself
  invalid_json: request(400, 'The body is not valid JSON', 'Send well-formed JSON of at most 1 MiB, 32 levels deep.'),
  invalid_parameter: request(400, 'A parameter is not valid', 'See `details.issues` for the place and the reason.'),
  method_not_allowed: request(405, 'This address does not take that method', 'See the `Allow` header.'),
  unsupported_media_type: request(
    415,
    'The body has a content type this call does not take',
    'See the API documentation.',
  ),
  uri_too_long: request(414, 'The address is too long', 'Keep the URL under 2 KiB.'),
  headers_too_large: request(431, 'The headers are too large', 'Keep the headers under 16 KiB.'),
  payload_too_large: request(
    413,
    'The body is over the limit',
    'See `/v1/limits`; split the recording or raise the limit.',
  ),
  request_timeout: request(408, 'The body arrived too slowly', 'Send again over a better connection.', true),
  upload_incomplete: request(400, 'The body ended early', 'Send it again; nothing was kept.', true),
  multipart_malformed: request(400, 'The multipart body is malformed', 'Send one `file` part with a correct boundary.'),
  too_many_parts: request(
    413,
    'The form or upload has too many parts',
    'Send one `file` and the documented fields; send an upload in larger pieces.',
  ),
  file_missing: request(400, 'No file was sent', 'Send the clip as the form field `file`.'),
  checksum_mismatch: request(422, 'The body does not match its checksum', 'Send it again.', true),
  idempotency_mismatch: request(422, 'This Idempotency-Key was used with another request', 'Use a new key.'),
  idempotency_in_progress: request(
    409,
    'A request with this Idempotency-Key is being handled',
    'Ask again in a moment.',
    true,
  ),
  // Resumable uploads
  upload_offset_mismatch: request(
    409,
    'The upload is not at this offset',
    'Ask for the offset with `HEAD` and go on from there.',
  ),
  upload_expired: request(410, 'The upload was left unfinished for too long', 'Begin it again.'),
  upload_locked: request(423, 'Another request is writing to this upload', 'Ask for the offset and go on.', true),
  upload_checksum_mismatch: request(
    460,
    'This part of the upload does not match its checksum',
    'Send it again; the offset has not moved.',
    true,
  ),
  tus_version_unsupported: request(
    412,
    'This version of the tus protocol is not spoken here',
    'Send `Tus-Resumable: 1.0.0`.',
  ),
  upgrade_required: request(
    426,
    'This address speaks WebSocket',
    'Open it as a WebSocket (`wss://…/v1/stream`); see docs/streaming.md.',
  ),
  not_kept: request(
    404,
    'This part of the job is not kept, or no longer',
    'Audio is kept until `expiresAt`, features for the time of `TENSOR_SECONDS`; send the clip again.',
  ),
  conflict: request(409, 'The job or batch is not in a state that allows this', 'Look at `details.state`.'),
  url_forbidden: request(
    422,
    'This address may not be fetched',
    'Only public https addresses on port 443 are fetched.',
  ),
  model_not_found: request(404, 'No such model', '`GET /v1/models` lists them.'),
  // The system
  rate_limited: request(429, 'Too many requests', 'Wait for `Retry-After` seconds.', true),
  quota_exceeded: request(429, 'A quota of this tenant is used up', 'Wait, or ask the operator for more.', true),
  queue_full: request(503, 'The backlog is over its limit', 'Wait for `Retry-After` seconds.', true),
  shutting_down: request(503, 'This process is shutting down', 'Send again; another one will answer.', true),
  dependency_unavailable: request(503, 'Redis or the object store does not answer', 'Send again later.', true),
  storage_full: request(507, 'The object store has no space left', 'The operator must free space.', true),
  internal: request(500, 'Something failed that should not have', 'Report it with the `requestId`.', true),
  // Storage, as a stage sees it
  object_missing: item('A stored object is gone', 'Send the clip again.'),
  storage_corrupt: item('A stored object no longer matches its checksum', 'Send the clip again; check the disks.'),
  storage_misconfigured: request(
    503,
    'The object store refuses our credentials or bucket',
    'Check OBJECT_STORE_URL.',
    true,
  ),
  // Fetching a clip by URL
  url_unreachable: item('The address could not be fetched', 'Check that it is public and answers 200.', true),
  url_redirected: item('The address redirects', 'Give the final address.'),
  url_too_large: item('The file behind the address is over the limit', 'See `/v1/limits`.'),
  // The clip
  audio_empty: item('The clip holds no audio', 'Check the recording; the file decodes to zero samples.'),
  audio_unrecognized_format: item(
    'The file is not audio in a format we know',
    'Send wav, mp3, flac, ogg, opus, webm, m4a or aiff.',
  ),
  audio_no_stream: item('The file holds no audio stream', 'Send a file with sound.'),
  audio_encrypted: item('The file is encrypted', 'Send it without protection.'),
  audio_unsupported_codec: item(
    'The codec is not supported',
    'Convert to wav or flac; some formats need ffmpeg on the server.',
  ),
  audio_truncated: item('The file ends early', 'Send the whole file.'),
  audio_corrupt: item('The file is damaged', 'Send an intact copy.'),
  audio_channels_out_of_range: item('The channel count is out of range', 'Send 1 to 8 channels.'),
  audio_rate_out_of_range: item('The sample rate is out of range', 'Send 4 to 384 kHz.'),
  audio_too_long: item('The clip is over the duration limit', 'See `/v1/limits`; split the recording.'),
  audio_too_short: item('The clip is too short for one frame', 'Send at least a few milliseconds.'),
  audio_nonfinite: item('The clip holds NaN or infinite samples', 'Export it again.'),
  audio_decode_limit: item('Decoding the clip needs more memory than allowed', 'Split the recording.'),
  audio_decode_timeout: item('Decoding took too long', 'Split the recording or convert it to wav or flac.'),
  decoder_crashed: item('The decoder crashed on this clip', 'Convert it to wav or flac.', true),
  // Archives and manifests: what one entry can have, then the whole
  archive_entry_name_invalid: item(
    'The entry has a name that is not safe',
    'Use relative paths without `..`, control or direction characters, up to 16 folders deep.',
  ),
  archive_entry_type_forbidden: item('The entry is a link or a special file', 'Pack the file itself.'),
  archive_entry_encrypted: item('The entry is encrypted', 'Pack the archive without a password.'),
  archive_entry_method_unsupported: item(
    'The entry is packed with a method we do not know',
    'Pack the archive with stored or deflated entries.',
  ),
  archive_entry_nested: item('The entry is an archive itself', 'Send it as a batch of its own, or unpack it first.'),
  archive_entry_too_large: item('The entry is over the limit for one file', 'See `/v1/limits`; split the recording.'),
  archive_entry_overlap: item('The entry overlaps another one', 'Pack the archive again.'),
  archive_entry_mismatch: item(
    'The entry is not what the archive says of it',
    'Its size, checksum or header disagrees; pack the archive again.',
  ),
  archive_entry_corrupt: item('The entry is damaged', 'Send an intact copy of the archive.'),
  manifest_line_invalid: item('The line of the manifest is not valid', 'See `details.line` and the reason.'),
  archive_unrecognized: item(
    'The source is not an archive or manifest we know',
    'Send zip, tar, tar.gz, JSON lines or CSV.',
  ),
  batch_empty: item('The batch holds no clips', 'Send an archive, manifest or prefix with audio files in it.'),
  archive_corrupt: item('The archive is damaged', 'Clips found before the damage are kept; send an intact copy.'),
  archive_limit: item('The archive is over a limit', 'See `details` and `/v1/limits`; split the archive.'),
  manifest_invalid: item(
    'The manifest has no column that says where the clips are',
    'Begin the CSV with a line that names `uri` or `sha256`.',
  ),
  // The pipeline
  tensor_corrupt: item('A tensor pack is damaged', 'Send the clip again.', true),
  tensor_too_large: item('The clip gives more windows than one tensor pack may hold', 'Split the recording.'),
  inference_nonfinite: item('The model answered NaN or infinity', 'Try another model.'),
  inference_failed: item('The model failed on this clip', 'Try another model.'),
  model_unavailable: item('The model is not loaded', 'Send again later.', true, 503),
  model_invalid: item('The model does not fit its card', 'The operator must mend the model folder.', false, 503),
  resource_limit: item('The clip needs more resources than allowed', 'Split the recording.'),
  item_quarantined: item('The clip ended the process that worked on it, repeatedly', 'Convert it to wav or flac.'),
  deadline_exceeded: item('The job passed its deadline', 'Send it again with a later deadline.', false, 504),
} as const satisfies Record<string, ErrorCatalogEntry>;

export type ErrorCode = keyof typeof errorCatalog;

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(errorCatalog, code);
