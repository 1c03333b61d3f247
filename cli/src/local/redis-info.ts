/**
 * Asks a Redis who it is, in plain RESP over one short connection. `INFO` answers while the server is still loading its
 * files (where other commands get `-LOADING`), and its `process_id` tells our own child from another program that
 * happened to take the port.
 */
import { connect } from 'node:net';

export interface RedisInfo {
  processId: number;
  version: string;
  loading: boolean;
  /** 0..100 while `loading`. */
  loadedPercent: number;
}

const TIMEOUT_MS = 2000;

/** @throws Error when nothing answers in two seconds or the answer is no `INFO` */
export async function readRedisInfo(port: number, host = '127.0.0.1'): Promise<RedisInfo> {
  const fields = parseInfo(await requestInfo(port, host));
  return {
    processId: Number(fields.get('process_id')),
    version: fields.get('redis_version') ?? 'unknown',
    loading: fields.get('loading') !== '0',
    loadedPercent: Number(fields.get('loading_loaded_perc') ?? 0),
  };
}

function parseInfo(text: string): Map<string, string> {
  return new Map(
    text.split('\r\n').flatMap((line) => {
      const colon = line.indexOf(':');
      return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)] as const] : [];
    }),
  );
}

/** The bulk string `$<bytes>\r\n<payload>\r\n`; INFO is ASCII, so characters are bytes. */
function requestInfo(port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect({ port, host });
    const finish = (settle: () => void): void => {
      socket.destroy();
      settle();
    };
    const fail = (reason: string) => finish(() => reject(new Error(reason)));
    socket.setEncoding('latin1').setTimeout(TIMEOUT_MS, () => fail(`no answer in ${TIMEOUT_MS} ms`));
    socket.once('error', (error) => fail(error.message));
    socket.once('close', () => fail('connection closed'));
    socket.once('connect', () => socket.write('*1\r\n$4\r\nINFO\r\n'));
    socket.on('data', (chunk: string) => {
      received += chunk;
      const header = /^\$(\d+)\r\n/.exec(received);
      if (header) {
        const payload = received.slice(header[0].length);
        if (payload.length >= Number(header[1])) finish(() => resolve(payload));
      } else if (received.includes('\r\n')) {
        fail(received.slice(0, 200).trim());
      }
    });
  });
}
