/**
 * Spans of one trace from the gateway through the queues to the worker. Off unless an OTLP endpoint is configured: then the
 * OpenTelemetry SDK is loaded, otherwise nothing of it is, and a span is just the W3C header the next process continues.
 */
import type { StageName } from '../contracts/pipeline.js';
import { childTraceparent } from './traceparent.js';

export type SpanKind = 'server' | 'consumer' | 'internal';
export type SpanAttributes = Record<string, string | number | boolean>;

export interface SpanOptions {
  /** W3C header of the span this one belongs to; none starts a trace. */
  parent: string | undefined;
  kind: SpanKind;
  /** Milliseconds since the epoch; default now. */
  startMs?: number;
  attributes?: SpanAttributes;
}

export interface Span {
  /** The header for whatever continues from here. */
  readonly traceparent: string;
  end(end?: { name?: string; atMs?: number; error?: string; attributes?: SpanAttributes }): void;
}

export interface Tracing {
  span(name: string, options: SpanOptions): Span;
  /** Sends what has not been sent. */
  close(): Promise<void>;
}

export const noTracing: Tracing = {
  span: (_name, { parent }) => ({ traceparent: childTraceparent(parent), end: () => undefined }),
  close: () => Promise.resolve(),
};

export interface TracingOptions {
  service: string;
  version: string;
  /** Base address of an OTLP/HTTP receiver, e.g. `http://collector:4318`; unset: no tracing. */
  endpoint: string | undefined;
}

export async function openTracing(options: TracingOptions): Promise<Tracing> {
  const { endpoint } = options;
  if (endpoint === undefined) return noTracing;
  const { createOtelTracing } = await import('./otel-tracing.js');
  return createOtelTracing({ ...options, endpoint });
}

/** A queue's part in a trace: the wait of a task as a span of its own, and the span of the attempt that now begins. */
export function spanOfTask(
  tracing: Tracing,
  stage: StageName | 'expand',
  task: { traceparent: string; enqueuedAtMs: number },
  { nowMs, attributes }: { nowMs: number; attributes: SpanAttributes },
): Span {
  const parent = task.traceparent;
  tracing
    .span(`${stage} wait`, { parent, kind: 'internal', startMs: task.enqueuedAtMs, attributes })
    .end({ atMs: nowMs });
  return tracing.span(stage, { parent, kind: 'consumer', startMs: nowMs, attributes });
}
