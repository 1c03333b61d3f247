/**
 * Writes `.env` for docker compose with secrets nobody knows and keys switched on; never touches a .env that is there.
 * Usage: node ops/compose/make-env.mjs
 */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';

const secret = () => randomBytes(24).toString('hex');
const lines = [`S3_SECRET_KEY=${secret()}`, `GRAFANA_PASSWORD=${secret()}`, 'AUTH=keys', ''];
try {
  writeFileSync('.env', lines.join('\n'), { flag: 'wx', mode: 0o600 });
  console.log('.env written. Make a key before the gateway starts:');
  console.log(
    '  docker compose run --rm gateway node cli/bin/timbre.mjs keys create --tenant NAME --scopes submit,read',
  );
} catch (error) {
  if (error.code !== 'EEXIST') throw error;
  console.error('.env is already there; nothing changed.');
  process.exitCode = 1;
}
