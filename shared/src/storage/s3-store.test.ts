import { Client } from 'minio';
import { describe, it } from 'vitest';
import { startS3Server, whyNoS3Server } from '../testing/s3-server.js';
import { createObjectStore } from './create-object-store.js';
import { objectStoreContract } from './object-store-contract.js';

const missing = whyNoS3Server();
if (missing !== undefined) {
  process.stderr.write(`\n!!! THE S3 SUITE COULD NOT RUN: ${missing}\n\n`);
  describe('object store contract: s3', () => {
    it.skip(`not run: ${missing}`);
  });
} else {
  objectStoreContract('s3 (versitygw)', async () => {
    const server = await startS3Server();
    const { host, port, bucket, accessKey, secretKey } = server;
    const raw = new Client({ endPoint: host, port, useSSL: false, accessKey, secretKey, region: 'us-east-1' });
    return {
      store: createObjectStore({ url: server.url(), dataDir: '/nonexistent' }),
      async leftovers() {
        const { uploads } = await raw.listIncompleteUploadsQuery(bucket, '', '', '', '');
        return uploads.map(({ key }) => key);
      },
      stop: () => server.stop(),
    };
  });
}
