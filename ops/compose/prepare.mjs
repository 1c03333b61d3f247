/**
 * First step of `docker compose up`: refuses to publish a system with known secrets or without keys, then waits for the S3
 * server and makes the bucket if it is not there.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'minio';

const { BIND_ADDRESS, OBJECT_STORE_URL, S3_SECRET_KEY, GRAFANA_PASSWORD, AUTH } = process.env;
const WAIT_SECONDS = 120;

refuseOpenDoors();
await makeBucket(new URL(OBJECT_STORE_URL));

function refuseOpenDoors() {
  if (/^(127\.|localhost$|::1$|\[::1\]$)/.test(BIND_ADDRESS)) return;
  const problems = [
    !S3_SECRET_KEY && 'S3_SECRET_KEY is not set',
    !GRAFANA_PASSWORD && 'GRAFANA_PASSWORD is not set',
    AUTH !== 'keys' && 'AUTH is not `keys`',
  ].filter(Boolean);
  if (problems.length === 0) return;
  console.error(
    `not publishing on ${BIND_ADDRESS}: ${problems.join('; ')}. \`node ops/compose/make-env.mjs\` writes a .env.`,
  );
  process.exit(1);
}

async function makeBucket(url) {
  const tls = url.searchParams.get('tls') !== 'false';
  const client = new Client({
    endPoint: url.hostname,
    port: Number(url.port) || (tls ? 443 : 80),
    useSSL: tls,
    accessKey: decodeURIComponent(url.username),
    secretKey: decodeURIComponent(url.password),
    region: url.searchParams.get('region') ?? 'us-east-1',
  });
  const bucket = url.pathname.slice(1);
  for (let second = 0; ; second += 1) {
    try {
      if (!(await client.bucketExists(bucket))) await client.makeBucket(bucket);
      console.log(`bucket ${bucket} is there`);
      return;
    } catch (error) {
      if (second >= WAIT_SECONDS) throw error;
      await sleep(1000);
    }
  }
}
