import { mkdtemp, readdir, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toAppError } from '../errors.js';
import { createFileStore } from './file-store.js';
import { objectStoreContract } from './object-store-contract.js';
import { verifyPresigned } from './signed-url.js';

const secret = 'a secret of enough length';

objectStoreContract('file', async () => {
  const root = await mkdtemp(join(tmpdir(), 'timbre-file-store-'));
  const gateway = http.createServer();
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  const publicBaseUrl = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  const store = createFileStore({ root, signingSecret: secret, publicBaseUrl });

  // What the gateway's route does, without its framework.
  const serve = async (request: http.IncomingMessage, response: http.ServerResponse) => {
    const { method = '', url = '', headers } = request;
    const grant = verifyPresigned({ method, url, headers }, secret);
    if (grant.method === 'GET') (await store.get(grant.key)).pipe(response);
    else {
      await store.put(grant.key, request, { maxBytes: grant.contentLength! });
      response.end();
    }
  };
  gateway.on('request', (request, response) => {
    serve(request, response).catch((error: unknown) => response.writeHead(toAppError(error).httpStatus).end());
  });

  return {
    store,
    leftovers: () => readdir(join(root, '.tmp')),
    async stop() {
      gateway.closeAllConnections();
      await new Promise((resolve) => gateway.close(resolve));
      await rm(root, { recursive: true });
    },
  };
});
