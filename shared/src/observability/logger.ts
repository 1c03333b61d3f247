/** pino JSON logs, secrets redacted by key name and by value. One line per job per stage is written by the consumer wrapper. */
import { pino, type Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

export interface LoggerOptions {
  service: string;
  level: string;
  /** Values that must never appear in a line (parts of URLs, key secrets). */
  secrets?: string[];
}

const redactedKeys = ['authorization', 'password', 'secret', 'token', 'apiKey', 'cookie', '["x-api-key"]'];

export function createLogger({ service, level, secrets = [] }: LoggerOptions): Logger {
  const values = secrets.filter((secret) => secret.length >= 6);
  const redactValues = (text: string) => values.reduce((line, secret) => line.replaceAll(secret, '[redacted]'), text);
  return pino(
    {
      level,
      base: { service, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: redactedKeys.flatMap((key) => (key.startsWith('[') ? [`*${key}`, key] : [key, `*.${key}`])),
        censor: '[redacted]',
      },
      hooks: { streamWrite: redactValues },
    },
    pino.destination({ fd: 1, sync: true }),
  );
}

/** Logs one line per `key` per `intervalMs` and counts what it left out, so a broken dependency cannot flood the log. */
export function createThrottledLog(
  write: (suppressed: number, key: string) => void,
  intervalMs = 1000,
  now = Date.now,
) {
  const last = new Map<string, { at: number; suppressed: number }>();
  return (key: string): void => {
    const entry = last.get(key);
    if (entry && now() - entry.at < intervalMs) {
      entry.suppressed += 1;
      return;
    }
    last.set(key, { at: now(), suppressed: 0 });
    write(entry?.suppressed ?? 0, key);
  };
}

/** User and password parts of a URL, for `secrets`. */
export function secretsOfUrl(url: string | undefined): string[] {
  if (!url || !URL.canParse(url)) return [];
  const { password } = new URL(url);
  return password ? [password, decodeURIComponent(password)] : [];
}
