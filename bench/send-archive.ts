/** Sends a tar from disk as a batch, as `curl --data-binary` does. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { once } from 'node:events';
import { request } from 'node:http';

/** The id of the batch. */
export async function sendArchive(url: string, path: string): Promise<string> {
  const { size } = await stat(path);
  const sent = request(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-tar', 'Content-Length': size },
  });
  createReadStream(path, { highWaterMark: 1024 * 1024 }).pipe(sent);
  const [response] = (await once(sent, 'response')) as [AsyncIterable<Buffer> & { statusCode: number }];
  const chunks: Buffer[] = [];
  for await (const part of response) chunks.push(part);
  if (response.statusCode !== 202) throw new Error(Buffer.concat(chunks).toString());
  return (JSON.parse(Buffer.concat(chunks).toString()) as { id: string }).id;
}
