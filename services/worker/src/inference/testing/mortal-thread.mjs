/** The real inference thread, except that a first sample of 13 ends it, as a lack of memory would. */
import process from 'node:process';
import { parentPort } from 'node:worker_threads';

await import('../../../dist/inference/inference-thread.js');
// The real listener comes first and only queues the run; this one ends the thread before it begins.
parentPort.on('message', ({ request }) => {
  if (request.kind === 'run' && request.rows[0] === 13) process.exit(7);
});
