/** SHA-256 of files, one after the other, off the page's thread. */

export interface HashRequest {
  files: File[];
}
export interface HashAnswer {
  index: number;
  /** Lower-case hex; undefined for a file that cannot be read. */
  sha256: string | undefined;
}

interface WorkerScope {
  onmessage: ((event: MessageEvent<HashRequest>) => void) | null;
  postMessage(message: HashAnswer): void;
}
const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data }) => {
  void (async () => {
    for (const [index, file] of data.files.entries()) scope.postMessage({ index, sha256: await hashOf(file) });
  })();
};

async function hashOf(file: File): Promise<string | undefined> {
  try {
    const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  } catch {
    return undefined;
  }
}
