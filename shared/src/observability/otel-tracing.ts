/**
 * Tracing by the OpenTelemetry SDK: batched, sent over OTLP/HTTP, sampled as the parent was. Endpoint comes from the
 * configuration; headers and timeouts the SDK takes from `OTEL_EXPORTER_OTLP_*` itself. A receiver that is away costs spans,
 * never work.
 */
import {
  ROOT_CONTEXT,
  SpanKind as OtelKind,
  SpanStatusCode,
  TraceFlags,
  trace,
  type Context,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { parseTraceparent } from './traceparent.js';
import type { SpanKind, Tracing, TracingOptions } from './tracing.js';

const kinds: Record<SpanKind, OtelKind> = {
  server: OtelKind.SERVER,
  consumer: OtelKind.CONSUMER,
  internal: OtelKind.INTERNAL,
};

export function createOtelTracing({ service, version, endpoint }: TracingOptions & { endpoint: string }): Tracing {
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': `timbre-${service}`, 'service.version': version }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer('timbre', version);
  return {
    span(name, { parent, kind, startMs, attributes }) {
      const span = tracer.startSpan(
        name,
        {
          kind: kinds[kind],
          ...(startMs === undefined ? {} : { startTime: startMs }),
          ...(attributes ? { attributes } : {}),
        },
        contextOf(parent),
      );
      const { traceId, spanId, traceFlags } = span.spanContext();
      return {
        traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
        end({ name: lastName, atMs, error, attributes: more } = {}) {
          if (lastName !== undefined) span.updateName(lastName);
          if (more) span.setAttributes(more);
          if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
          span.end(atMs);
        },
      };
    },
    close: () => provider.shutdown(),
  };
}

function contextOf(parent: string | undefined): Context {
  const context = parseTraceparent(parent);
  if (!context) return ROOT_CONTEXT;
  const traceFlags = Number.parseInt(context.flags, 16) & TraceFlags.SAMPLED;
  return trace.setSpanContext(ROOT_CONTEXT, { ...context, traceFlags, isRemote: true });
}
