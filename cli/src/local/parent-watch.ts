/**
 * Preloaded into each child (`node --import`): asks it to stop when its parent is gone, however the parent ended. The
 * channel opened by `stdio: 'ipc'` is closed by the kernel, so this also covers `kill -9`; no message is ever sent on it.
 */
import { isMainThread } from 'node:worker_threads';

if (isMainThread && process.channel) {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  // A listener would keep an otherwise finished process alive.
  process.channel.unref();
}
