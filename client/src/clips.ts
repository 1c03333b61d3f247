/** `/v1/clips`: audio stored by its content, which the manifest of a batch then names by `sha256`. */
import { timeoutFor, type CallOptions, type Transport } from './transport.js';

export interface ClipCalls {
  /** Which of these the service does not have yet. At most 10,000 at once. */
  missing(sha256: string[], options?: CallOptions): Promise<string[]>;
  /** Stores a clip; storing it again costs its bytes and changes nothing. @throws TimbreApiError `checksum_mismatch` */
  put(sha256: string, content: Blob, options?: CallOptions): Promise<{ sha256: string; bytes: number }>;
}

export function createClipCalls(transport: Transport): ClipCalls {
  return {
    async missing(sha256, { signal } = {}) {
      const answer = await transport.json<{ missing: string[] }>(
        { method: 'POST', path: '/v1/clips/missing', json: { sha256 }, timeoutMs: 60_000, signal },
        { name: 'a list of missing clips', fields: ['missing'] },
      );
      return answer.missing;
    },
    put: (sha256, content, { signal } = {}) =>
      transport.json(
        { method: 'PUT', path: `/v1/clips/${sha256}`, body: content, timeoutMs: timeoutFor(content), signal },
        { name: 'a stored clip', fields: ['sha256'] },
      ),
  };
}
