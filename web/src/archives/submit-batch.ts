/** Makes a batch of what a person dropped or named. */
import type { BatchFormat } from '@timbre/shared/contracts/batch';
import type { BatchContent, BatchOptions, TimbreClient } from '@timbre/client';
import type { NamedFile } from '../parts/dropped-files.js';
import { rememberedUpload } from '../server/upload-memory.js';
import { archiveOf, isClip } from './folder-files.js';
import { sendFolder } from './send-folder.js';

export type BatchInput = { kind: 'files'; files: NamedFile[] } | { kind: 'prefix'; prefix: string };

export interface SubmitProgress {
  words: string;
  /** 0..1, where it is known. */
  share?: number;
}

export interface SubmitBatch {
  input: BatchInput;
  options: BatchOptions;
  /** Where it goes; answers the id of what was made. */
  submit: (content: BatchContent, options: BatchOptions, signal: AbortSignal) => Promise<string>;
  onProgress: (progress: SubmitProgress) => void;
  signal: AbortSignal;
}

/** Above this an archive goes in pieces that can be taken up again. */
const WHOLE_BYTES = 8 * 1024 * 1024;

/** @throws TimbreApiError, Error with words for the person */
export async function submitBatch(client: TimbreClient, work: SubmitBatch): Promise<string> {
  const { input, options, signal } = work;
  if (input.kind === 'prefix')
    return work.submit({ source: { prefix: input.prefix } }, { name: input.prefix, ...options }, signal);
  const archive = archiveOf(input.files);
  return archive ? submitArchive(client, archive, work) : submitFolder(client, input.files, work);
}

async function submitArchive(client: TimbreClient, { file }: NamedFile, work: SubmitBatch): Promise<string> {
  const { signal, onProgress } = work;
  const format = formatOf(file.name);
  const options = { name: file.name, ...work.options, ...(format === undefined ? {} : { format }) };
  if (file.size <= WHOLE_BYTES) {
    onProgress({ words: 'Sending' });
    return work.submit({ body: file }, options, signal);
  }
  const memory = rememberedUpload(file);
  const uploadId = await client.uploads.send(file, {
    ...memory.options,
    name: file.name,
    signal,
    onProgress: (sent, total) => onProgress({ words: 'Sending', share: sent / total }),
  });
  const id = await work.submit({ source: { uploadId } }, options, signal);
  memory.forget();
  return id;
}

async function submitFolder(client: TimbreClient, files: readonly NamedFile[], work: SubmitBatch): Promise<string> {
  const clips = files.filter(isClip);
  if (clips.length === 0)
    throw new Error('There are no sound files among these. An archive is one zip, tar, tar.gz, or a manifest.');
  const words = { reading: 'Reading', sending: 'Sending', starting: 'Starting' } as const;
  const manifest = await sendFolder(client, {
    files: clips,
    signal: work.signal,
    onProgress: ({ phase, done, total }) =>
      work.onProgress({
        words: `${words[phase]} ${done.toLocaleString('en')} of ${total.toLocaleString('en')} clips`,
        ...(total > 0 ? { share: done / total } : {}),
      }),
  });
  const name = clips[0]?.path.split('/')[0] ?? 'folder';
  return work.submit(
    { body: manifest },
    { name: clips.length === 1 ? (clips[0]?.file.name ?? name) : name, ...work.options, format: 'jsonl' },
    work.signal,
  );
}

/** Of manifests only: archives are told by their bytes. */
function formatOf(name: string): BatchFormat | undefined {
  if (/\.(jsonl|ndjson)$/i.test(name)) return 'jsonl';
  return /\.csv$/i.test(name) ? 'csv' : undefined;
}
