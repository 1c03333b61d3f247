/** One call of the API as this folder describes it, and how it becomes a path of the document. */
import type { OpenAPIRegistry, ResponseConfig, RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import type { ErrorCode } from '@timbre/shared/error-catalog';
import type { Scope } from '../http/authenticate.js';
import { problemResponses } from './problem-responses.js';
import {
  headerRef,
  parameterRef,
  rateLimitHeaders,
  securityFor,
  type HeaderName,
  type ParameterName,
} from './shared-parts.js';

export type Tag =
  'Classify' | 'Jobs' | 'Batches' | 'Uploads' | 'Webhooks' | 'Models' | 'System' | 'Operators' | 'Pages';

export type Answer = Omit<ResponseConfig, 'headers'> & { headers?: Record<string, { $ref: string }> };

export interface Operation {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete' | 'head' | 'options';
  path: string;
  tag: Tag;
  operationId: string;
  summary: string;
  /** Markdown; `{server}` stands for the address of the server. */
  description: string;
  /** Scope a key needs; `null`: open to anybody. */
  scope: Scope | null;
  /** Shared header parameters beyond those of every call. */
  parameters?: readonly ParameterName[];
  request?: RouteConfig['request'];
  answers: Record<number, Answer>;
  /** Codes it can give beyond those of every call (and, with a scope, of every call with a key). */
  problems: readonly ErrorCode[];
  /** Codes of every call that this one cannot give. */
  never?: readonly ErrorCode[];
}

const ofEveryCall: readonly ErrorCode[] = ['invalid_parameter', 'uri_too_long', 'headers_too_large', 'internal'];
const ofEveryCallWithKey: readonly ErrorCode[] = [
  'auth_missing',
  'auth_invalid',
  'auth_expired',
  'forbidden',
  'rate_limited',
  'dependency_unavailable',
  'storage_misconfigured',
];

export function registerOperation(registry: OpenAPIRegistry, operation: Operation, serverUrl: string): void {
  const { tag, scope, parameters = [], answers, problems, never = [], request, ...described } = operation;
  const possible = [...ofEveryCall, ...(scope === null ? [] : ofEveryCallWithKey), ...problems];
  const rates = scope === null ? {} : headersOf(rateLimitHeaders);
  registry.registerPath({
    ...described,
    description: described.description.replaceAll('{server}', serverUrl),
    tags: [tag],
    security: scope === null ? [] : securityFor(scope),
    parameters: [...parameters, 'RequestId' as const, 'Traceparent' as const].map(parameterRef),
    ...(request ? { request } : {}),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [
          status,
          { ...answer, headers: { ...headersOf({ 'X-Request-Id': 'RequestId' }), ...answer.headers, ...rates } },
        ]),
      ),
      ...problemResponses(possible.filter((code) => !never.includes(code))),
    },
  });
}

export interface AnswerOptions {
  headers?: Readonly<Record<string, HeaderName>>;
  example?: unknown;
  /** Name → value, where one example does not show enough. */
  examples?: Readonly<Record<string, unknown>>;
}

/** An answer with a JSON body. */
export function jsonAnswer(description: string, schema: z.ZodType, options: AnswerOptions = {}): Answer {
  const { headers = {}, example, examples } = options;
  return {
    description,
    headers: headersOf(headers),
    content: {
      'application/json': {
        schema,
        ...(example === undefined ? {} : { example }),
        ...(examples
          ? { examples: Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }])) }
          : {}),
      },
    },
  };
}

/** An answer with a body that is not JSON. */
export function textAnswer(description: string, types: readonly string[], example?: string): Answer {
  return {
    description,
    content: Object.fromEntries(
      types.map((type) => [
        type,
        { schema: { type: 'string' as const }, ...(example === undefined ? {} : { example }) },
      ]),
    ),
  };
}

/** By the name on the wire. */
function headersOf(headers: Readonly<Record<string, HeaderName>>): Record<string, { $ref: string }> {
  return Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, headerRef(header)]));
}

/** Parameters from the schema that parses them, each with its meaning. */
export function describedParameters<S extends z.ZodObject>(
  schema: S,
  meanings: Record<keyof S['shape'] & string, string>,
): z.ZodObject {
  const described = Object.entries(schema.shape as Record<string, z.ZodType>).map(([name, parameter]) => [
    name,
    parameter.meta({ param: { description: (meanings as Record<string, string>)[name] } }),
  ]);
  return z.object(Object.fromEntries(described) as z.ZodRawShape);
}
