import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSystem, type TestSystem } from '@timbre/shared/testing/test-system';
import { tarOf } from '../archive.js';
import { endedBatch, submitBatch } from '../batch-client.js';
import { clipForm, post, sample } from '../client.js';
import { startOtlpReceiver, type ReceivedSpan } from './otlp-receiver.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const batchTraceId = '1bf7651916cd43dd8448eb211c80319d';
const header = (id: string) => ({ traceparent: `00-${id}-b7ad6b7169203331-01` });
let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
let system: TestSystem;

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  system = await startSystem({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url } });
  const answer = await post(`${system.url}/v1/classify`, await clipForm(sample('violin-01.wav')), header(traceId));
  expect(answer.status).toBe(200);
  const batch = await submitBatch(system.url, await tarOf(3), { headers: header(batchTraceId) });
  await endedBatch(system.url, batch.id);
  // Ending sends what is left.
  await system.stop();
});
afterAll(() => receiver.close());

const of = (id: string) => receiver.spans.filter((span) => span.traceId === id);
const named = (spans: ReceivedSpan[], name: string) => {
  const found = spans.filter((span) => span.name === name);
  expect(found, name).toHaveLength(1);
  return found[0]!;
};

describe('tracing', () => {
  it('follows one clip as one trace: request, wait, preprocess, wait, infer, each under the one before', () => {
    const spans = of(traceId);
    const request = named(spans, 'POST /v1/classify');
    const [preprocessWait, preprocess] = [named(spans, 'preprocess wait'), named(spans, 'preprocess')];
    const [inferWait, infer] = [named(spans, 'infer wait'), named(spans, 'infer')];
    expect(spans).toHaveLength(5);
    expect(request).toMatchObject({ service: 'timbre-gateway', kind: 2, parentSpanId: 'b7ad6b7169203331' });
    expect(preprocess).toMatchObject({ service: 'timbre-preprocess', kind: 5, parentSpanId: request.spanId });
    expect(preprocessWait.parentSpanId).toBe(request.spanId);
    expect(infer).toMatchObject({ service: 'timbre-worker', kind: 5, parentSpanId: preprocess.spanId });
    expect(inferWait.parentSpanId).toBe(preprocess.spanId);
    expect(preprocess.attributes).toMatchObject({ 'timbre.lane': 'interactive', 'timbre.outcome': 'advanced' });
    expect(infer.attributes).toMatchObject({ 'timbre.outcome': 'succeeded' });
    expect(request.startMs).toBeLessThanOrEqual(preprocess.startMs);
    expect(preprocess.endMs).toBeLessThanOrEqual(infer.endMs);
    expect(infer.endMs).toBeLessThanOrEqual(request.endMs + 5);
  });

  it('follows a batch of 3 clips: request, reading the archive, one slice through both stages', () => {
    const spans = of(batchTraceId);
    const request = named(spans, 'POST /v1/batches');
    expect(named(spans, 'expand').parentSpanId).toBe(request.spanId);
    const preprocess = named(spans, 'preprocess');
    expect(preprocess.parentSpanId).toBe(request.spanId);
    expect(named(spans, 'infer').parentSpanId).toBe(preprocess.spanId);
    expect(new Set(spans.map(({ service }) => service)).size).toBe(3);
  });
});

describe('without an endpoint', () => {
  it('loads nothing of OpenTelemetry and still hands the trace on', async () => {
    const { noTracing, openTracing } = await import('@timbre/shared/observability/tracing');
    expect(await openTracing({ service: 'x', version: '1', endpoint: undefined })).toBe(noTracing);
    const span = noTracing.span('x', { parent: header(traceId).traceparent, kind: 'internal' });
    expect(span.traceparent).toContain(traceId);
  });
});
