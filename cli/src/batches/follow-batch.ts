/** Shows a batch until it has ended. Ctrl-C ends the showing, never the batch. */
import type { BatchView } from '@timbre/shared/contracts/batch';
import type { Session } from '../remote/session.js';
import { openStatusLine } from '../terminal/status-line.js';
import { describeProgress } from './describe-batch.js';

/** @returns the batch once it has ended. @throws the session's abort reason, after saying how to come back */
export async function followBatch(
  { client, signal, report, json, printJson }: Session,
  id: string,
  { everyState = false }: { everyState?: boolean } = {},
): Promise<BatchView> {
  const line = openStatusLine(report);
  let last: BatchView | undefined;
  try {
    for await (const { batch, revision } of client.batches.events(id, { signal })) {
      last = batch;
      if (json && everyState) printJson({ revision, batch });
      else line.update(describeProgress(batch));
    }
  } catch (error) {
    line.finish();
    if (signal.aborted) report(`The batch goes on without you: \`timbre watch ${id}\` comes back to it.`);
    throw error;
  }
  line.finish();
  return last ?? (await client.batches.get(id, { signal }));
}
