/** W3C Trace Context (https://www.w3.org/TR/trace-context/), version 00: one trace follows a job across the queues. */
import { randomBytes } from 'node:crypto';

const pattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

export interface TraceContext {
  traceId: string;
  spanId: string;
  flags: string;
}

/** `undefined` for anything that is not a valid version-00 header. */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  const match = header === undefined ? null : pattern.exec(header);
  const [, traceId, spanId, flags] = match ?? [];
  if (!traceId || !spanId || !flags || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, flags };
}

/** A child of `parent`, or a new trace. */
export function childTraceparent(parent?: string): string {
  const context = parseTraceparent(parent);
  return `00-${context?.traceId ?? randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-${context?.flags ?? '01'}`;
}

export function traceIdOf(traceparent: string): string {
  return parseTraceparent(traceparent)?.traceId ?? '';
}
