/** The call of `routes/stream.ts`; what passes over the connection is in docs/streaming.md. */
import { streamQuerySchema } from '@timbre/shared/contracts/stream';
import { describedParameters, type Operation } from '../operation.js';

const openStream: Operation = {
  method: 'get',
  path: '/v1/stream',
  tag: 'Classify',
  operationId: 'openStream',
  summary: 'Live audio over a WebSocket',
  description: `Open it as a WebSocket and send mono PCM, little-endian, in binary messages of any size, as fast as it sounds or faster. The server sends JSON:

    {"type":"ready","sessionId":"…","model":"timbre-s","labels":["drums","guitar","piano","violin"],"windowSeconds":2,"hopSeconds":0.5}
    {"type":"window","seq":0,"startSeconds":0,"endSeconds":1,"decision":"label","label":"violin","confidence":0.93,"scores":{…},"rmsDbfs":-21.3,"latencyMs":48}
    {"type":"lagging","skipped":2}
    {"type":"error","code":"deadline_exceeded","detail":"…","seq":7}
    {"type":"end","receivedSamples":288000,"durationSeconds":6,"jobId":"j…"}

Windows overlap, come in order, and are never more than the session may have at work: where answers fall behind a sender in real time, windows are skipped and \`lagging\` says how many, by which \`seq\` then leaps. An \`error\` with \`seq\` is about that window only; one without ends the session. Send \`{"type":"end"}\` to finish: the rest is answered, then comes \`end\`. With \`save=true\` all that was sent becomes an ordinary job, \`jobId\`, also when the connection breaks.

A browser, which cannot set headers, offers its key as a subprotocol: \`new WebSocket(url, ['timbre', 'timbre-key.' + key])\`. Refusals after authentication are \`error\` messages followed by a close: 1008 for what must be changed, 1013 for what passes. Limits are in \`GET /v1/limits\`.`,
  scope: 'submit',
  request: {
    query: describedParameters(streamQuerySchema, {
      rate: 'Samples per second that will be sent.',
      format: '`pcm16` (signed 16-bit) or `f32` (−1..1).',
      model: 'Model to use, one of `GET /v1/models`. Default: the one with `isDefault`.',
      save: 'Keep everything that is sent, as a job.',
      name: 'Name of that job.',
    }),
  },
  answers: { 101: { description: 'The connection is a WebSocket now.' } },
  problems: ['upgrade_required'],
};

export const streamOperations: readonly Operation[] = [openStream];
