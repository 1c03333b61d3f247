/** One function for each kind of use; the scripts beside this file say how much of it, how long and what must hold. */
import { check, sleep } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import { WebSocket } from 'k6/websockets';
import { base, batchSeconds, classify, enqueue, headersOf, keys, windowLatencyMs, wrong } from './lib.js';

export const person = () => classify(2);
export const personOfATenant = () => classify(2, 1 + (exec.scenario.iterationInTest % Math.max(1, keys.length - 1)));
export const greedyTenant = () => enqueue(10, 0);

/** Tar archives that loadtests/run made, one an iteration; the same clips again would not be computed again. */
const archives = (__ENV.ARCHIVES || '')
  .split(',')
  .filter(Boolean)
  .map((path) => open(path, 'b'));

/** Sends an archive and asks for its state until it has ended. */
export function archive() {
  const body = archives[exec.scenario.iterationInTest % archives.length];
  const started = Date.now();
  const headers = Object.assign({ 'content-type': 'application/x-tar' }, headersOf(0));
  const sent = http.post(`${base}/v1/batches`, body, { headers, tags: { name: 'archive' } });
  if (!check(sent, { 'the archive was accepted': ({ status }) => status === 202 })) return wrong.add(true);
  const path = `${base}/v1/batches/${sent.json('id')}`;
  let view = sent.json();
  while (['expanding', 'running'].includes(view.state)) {
    sleep(0.5);
    view = http.get(path, { headers: headersOf(0), tags: { name: 'batch' } }).json();
  }
  wrong.add(!check(view, { 'every clip of the archive succeeded': ({ state }) => state === 'succeeded' }));
  batchSeconds.add((Date.now() - started) / 1000);
}

/** A microphone: 10 seconds of sound in real time, ten messages a second; every window must be told, in order. */
export function microphone() {
  const [rate, seconds] = [16000, 10];
  const socket = new WebSocket(`${base.replace(/^http/, 'ws')}/v1/stream?rate=${rate}`, null, {
    headers: headersOf(0),
  });
  socket.binaryType = 'arraybuffer';
  let [windows, skipped, ended, last] = [0, 0, false, -1];
  socket.onopen = () => {
    let sent = 0;
    const timer = setInterval(() => {
      const piece = new Int16Array(rate / 10).map(() => (Math.random() - 0.5) * 8000);
      socket.send(piece.buffer);
      sent += 1;
      if (sent < seconds * 10) return;
      clearInterval(timer);
      socket.send(JSON.stringify({ type: 'end' }));
    }, 100);
  };
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === 'window') {
      windows += 1;
      wrong.add(message.seq <= last);
      last = message.seq;
      windowLatencyMs.add(message.latencyMs);
    } else if (message.type === 'lagging') skipped += message.skipped;
    else if (message.type === 'error') wrong.add(true);
    else if (message.type === 'end') {
      ended = true;
      socket.close();
    }
  };
  socket.onclose = () =>
    wrong.add(!check(ended && windows + skipped > 0, { 'the session told its windows and ended': (held) => held }));
}
