/** HEALTHCHECK of the images: exit 0 when the admin listener of this container answers `/healthz` with 200 in 2 seconds. */
const port = process.env.ADMIN_PORT ?? '8081';
const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(2000) }).catch(() => null);
process.exit(answer?.ok ? 0 : 1);
