import { afterEach, describe, expect, it } from 'vitest';
import { createTimbreClient } from './timbre-client.js';
import {
  dropConnection,
  head,
  json,
  startScriptedServer,
  type Answer,
  type ScriptedServer,
} from './testing/scripted-server.js';

const id = `u${'0'.repeat(32)}`;
const created = head(201, { location: `/v1/uploads/${id}`, 'upload-offset': '0' });
const at = (offset: number, length = 10) => head(200, { 'upload-offset': `${offset}`, 'upload-length': `${length}` });
const stored = (offset: number) => head(204, { 'upload-offset': `${offset}` });
const bytes = new Blob(['0123456789']);

let server: ScriptedServer;
async function clientFor(...answers: Answer[]) {
  server = await startScriptedServer(answers);
  return createTimbreClient({ baseUrl: server.url, retry: { attempts: 1 } });
}
afterEach(() => server.close());
const sent = () => server.seen.map(({ request, body }) => `${request.method} ${body.toString()}`.trim());

describe('uploads.send', () => {
  it('sends 10 bytes in pieces of 4, and tells its id first', async () => {
    const client = await clientFor(created, stored(4), stored(8), stored(10));
    const told: unknown[] = [];
    const upload = await client.uploads.send(bytes, {
      name: 'ä.zip',
      pieceBytes: 4,
      onCreated: (uploadId) => void told.push(uploadId),
      onProgress: (offset, total) => void told.push(`${offset}/${total}`),
    });
    expect(upload).toBe(id);
    expect(sent()).toEqual(['POST', 'PATCH 0123', 'PATCH 4567', 'PATCH 89']);
    expect(told).toEqual([id, '0/10', '4/10', '8/10', '10/10']);
    expect(server.seen[0]!.request.headers).toMatchObject({
      'upload-length': '10',
      'tus-resumable': '1.0.0',
      'upload-metadata': `filename ${Buffer.from('ä.zip').toString('base64')}`,
    });
  });

  it('goes on with an earlier upload from where it is', async () => {
    const client = await clientFor(at(7), stored(10));
    await client.uploads.send(bytes, { uploadId: id });
    expect(sent()).toEqual(['HEAD', 'PATCH 789']);
  });

  it('sends nothing of an upload that is whole', async () => {
    const client = await clientFor(at(10));
    await client.uploads.send(bytes, { uploadId: id });
    expect(sent()).toEqual(['HEAD']);
  });

  it('asks for the offset after a broken line and after a 409, and sends only what is missing', async () => {
    const client = await clientFor(
      created,
      dropConnection,
      at(3),
      json(409, { code: 'upload_offset_mismatch' }),
      at(5),
      stored(10),
    );
    await client.uploads.send(bytes);
    expect(sent()).toEqual(['POST', 'PATCH 0123456789', 'HEAD', 'PATCH 3456789', 'HEAD', 'PATCH 56789']);
  });

  it('gives up at once on an upload that is gone', async () => {
    const client = await clientFor(json(404, { code: 'not_found' }));
    await expect(client.uploads.send(bytes, { uploadId: id })).rejects.toMatchObject({ status: 404 });
    expect(server.seen).toHaveLength(1);
  });
});
