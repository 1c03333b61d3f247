/**
 * Lists a bucket in key order, one page in memory at a time, each page a call of its own with deadline and retries.
 *
 * The answer is read here and not by the client, whose XML parser takes keys such as `1e5` or `007` for numbers (seen in
 * minio 8.0.7). Keys of ours need no escaping, so the few fields are plain text; keys that are not ours are passed over.
 */
import type { Client } from 'minio';
import type { IncomingMessage } from 'node:http';
import { AppError } from '../errors.js';
import { isObjectKey } from './object-key.js';
import type { ObjectInfo } from './object-store.js';
import type { S3Call } from './s3-call.js';

const PAGE_KEYS = 1000;
/** A page of 1000 keys of 512 characters is under 1 MB. */
const MAX_PAGE_BYTES = 8 * 1024 * 1024;

export interface ListingPage {
  objects: ObjectInfo[];
  /** Where the next page begins; undefined at the end. */
  next: string | undefined;
}

interface ListingSource {
  client: Client;
  bucket: string;
  call: S3Call;
  /** Keys of any spelling, as people make them; default: only those that could be ours. */
  anyKeys?: boolean;
}

export async function* listPages(
  { client, bucket, call, anyKeys = false }: ListingSource,
  prefix: string,
  signal?: AbortSignal,
): AsyncGenerator<ObjectInfo[], void> {
  for (let token: string | undefined; ;) {
    const query = new URLSearchParams({ 'list-type': '2', 'max-keys': String(PAGE_KEYS), prefix });
    if (token !== undefined) query.set('continuation-token', token);
    query.sort();
    const page = await call(
      // SigV4 wants %20 where URLSearchParams writes a plus sign.
      async () =>
        parsePage(
          await readText(
            await client.makeRequestAsync({
              method: 'GET',
              bucketName: bucket,
              query: query.toString().replaceAll('+', '%20'),
            }),
          ),
          anyKeys,
        ),
      { signal },
    );
    if (page.objects.length > 0) yield page.objects;
    if (page.next === undefined) return;
    token = page.next;
  }
}

/** @throws AppError `dependency_unavailable` when the answer is cut or no listing */
export function parsePage(xml: string, anyKeys = false): ListingPage {
  if (!xml.includes('<ListBucketResult') || !xml.includes('</ListBucketResult>')) throw unreadable();
  const objects: ObjectInfo[] = [];
  for (const [, entry = ''] of xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
    const key = field(entry, 'Key');
    const bytes = Number(field(entry, 'Size'));
    const modifiedAt = new Date(field(entry, 'LastModified') ?? '');
    if (key === undefined || !Number.isSafeInteger(bytes) || Number.isNaN(modifiedAt.getTime())) throw unreadable();
    if (anyKeys || isObjectKey(key)) objects.push({ key, bytes, modifiedAt });
  }
  const truncated = field(xml, 'IsTruncated') === 'true';
  const next = field(xml, 'NextContinuationToken');
  if (truncated && next === undefined) throw unreadable();
  return { objects, next: truncated ? next : undefined };
}

function field(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text === undefined ? undefined : unescapeXml(text);
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi, (whole, hex, decimal, name) => {
    if (typeof name === 'string') return entities[name] ?? whole;
    const point = typeof hex === 'string' ? parseInt(hex, 16) : Number(decimal);
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    if ((bytes += chunk.length) > MAX_PAGE_BYTES) throw unreadable();
  }
  return Buffer.concat(chunks).toString('utf8');
}

const unreadable = () =>
  new AppError('dependency_unavailable', { detail: 'the object store gave an unreadable listing' });
