/** What the load scripts share: the system's address, clips that are all different, and checks that count every wrong answer. */
import { check } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import { Rate, Trend } from 'k6/metrics';

export const base = __ENV.BASE_URL || 'http://127.0.0.1:8080';
if (!/^https?:\/\/(127\.|localhost|\[::1\])/.test(base) && __ENV.ALLOW_REMOTE !== 'yes')
  throw new Error(`${base} is not this machine; ALLOW_REMOTE=yes if it is yours`);

/** Keys of tenants, comma-separated; without, the system must be open. */
export const keys = (__ENV.KEYS || '').split(',').filter(Boolean);
export const headersOf = (tenant) => (keys.length > 0 ? { authorization: `Bearer ${keys[tenant % keys.length]}` } : {});

/** Share of answers that are not what they should be; thresholds stand on it. */
export const wrong = new Rate('timbre_wrong');
export const clipSeconds = new Trend('timbre_clip_seconds');
export const batchSeconds = new Trend('timbre_batch_seconds');
export const windowLatencyMs = new Trend('timbre_window_latency_ms');

const rateHz = 16000;

/** A plucked tone as 16-bit mono wav. */
function tone(seconds) {
  const samples = seconds * rateHz;
  const bytes = new ArrayBuffer(44 + samples * 2);
  const view = new DataView(bytes);
  const text = (at, value) => [...value].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  text(0, 'RIFF');
  view.setUint32(4, 36 + samples * 2, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rateHz, true);
  view.setUint32(28, rateHz * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, 'data');
  view.setUint32(40, samples * 2, true);
  for (let at = 0; at < samples; at += 1)
    view.setInt16(
      44 + at * 2,
      12000 * Math.exp(-(at % rateHz) / 4000) * Math.sin((2 * Math.PI * 220 * at) / rateHz),
      true,
    );
  return bytes;
}

const tones = {};

/** Its last samples say who sent it when: no two clips of a run are the same, so none is answered from memory. */
export function clip(seconds) {
  if (!tones[seconds]) tones[seconds] = tone(seconds);
  const view = new DataView(tones[seconds]);
  view.setUint16(tones[seconds].byteLength - 2, exec.scenario.iterationInTest % 65536, true);
  view.setUint16(tones[seconds].byteLength - 4, exec.vu.idInTest % 65536, true);
  view.setUint32(tones[seconds].byteLength - 8, Date.now() % 2 ** 32, true);
  return http.file(tones[seconds], 'tone.wav', 'audio/wav');
}

/** The first wrong answers of each kind, so that a broken run says why. */
const told = {};
function tell(answer) {
  const kind = `${answer.request.method} ${answer.status}`;
  told[kind] = (told[kind] || 0) + 1;
  if (told[kind] <= 2) console.error(`${kind}: ${answer.error || String(answer.body).slice(0, 300)}`);
}

/** One interactive clip: 200 and the finished job, or 202 and the job to wait for. */
export function classify(seconds, tenant = 0) {
  const started = Date.now();
  const headers = headersOf(tenant);
  const answer = http.post(`${base}/v1/classify`, { file: clip(seconds) }, { headers, tags: { name: 'classify' } });
  let state = answer.status === 200 ? answer.json('state') : undefined;
  if (answer.status === 202) {
    const held = http.get(`${base}/v1/jobs/${answer.json('id')}?waitSeconds=30`, { headers, tags: { name: 'job' } });
    state = held.json('state');
  }
  const good = check(state, { 'the clip succeeded': (value) => value === 'succeeded' });
  if (!good) tell(answer);
  wrong.add(!good);
  clipSeconds.add((Date.now() - started) / 1000, { tenant: `${tenant}` });
}

/** One bulk clip: accepted is enough. */
export function enqueue(seconds, tenant = 0) {
  const body = { file: clip(seconds), lane: 'bulk' };
  const answer = http.post(`${base}/v1/jobs`, body, { headers: headersOf(tenant), tags: { name: 'bulk job' } });
  const good = check(answer, { 'the bulk clip was accepted': ({ status }) => status === 202 });
  if (!good) tell(answer);
  wrong.add(!good);
}
