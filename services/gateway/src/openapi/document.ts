/**
 * The OpenAPI 3.1 document, generated from the zod schemas that parse requests and answers. A test walks the routes of the
 * real application and holds the two to each other.
 */
import { OpenAPIRegistry, OpenApiGeneratorV31 } from '@asteasolutions/zod-to-openapi';
import {
  describeProperties,
  forbidNullParameters,
  requireDefaults,
  type PathNodes,
  type SchemaNodes,
} from './describe.js';
import { introduction, tags } from './introduction.js';
import { namedSchemas, nameSchemas } from './named-schemas.js';
import { registerOperation, type Operation } from './operation.js';
import { adminOperations } from './operations/admin.js';
import { batchOperations } from './operations/batches.js';
import { batchResultOperations } from './operations/batch-results.js';
import { clipOperations } from './operations/clips.js';
import { classifyOperations } from './operations/classify.js';
import { evaluationOperations } from './operations/evaluations.js';
import { jobContentOperations } from './operations/job-content.js';
import { jobOperations } from './operations/jobs.js';
import { modelOperations } from './operations/models.js';
import { streamOperations } from './operations/stream.js';
import { systemOperations } from './operations/system.js';
import { uploadOperations } from './operations/uploads.js';
import { webhookOperations } from './operations/webhooks.js';
import { exampleProblems, sharedProblemResponses } from './problem-responses.js';
import { registerSharedParts } from './shared-parts.js';

export interface DocumentOptions {
  /** Address clients reach the gateway at. */
  serverUrl: string;
  version: string;
}

export type OpenApiDocument = ReturnType<OpenApiGeneratorV31['generateDocument']>;

export const operations: readonly Operation[] = [
  ...classifyOperations,
  ...streamOperations,
  ...jobOperations,
  ...jobContentOperations,
  ...batchOperations,
  ...batchResultOperations,
  ...evaluationOperations,
  ...uploadOperations,
  ...clipOperations,
  ...webhookOperations,
  ...modelOperations,
  ...systemOperations,
  ...adminOperations,
];

export function buildOpenApiDocument({ serverUrl, version }: DocumentOptions): OpenApiDocument {
  nameSchemas();
  const registry = new OpenAPIRegistry();
  registerSharedParts(registry);
  for (const [name, response] of sharedProblemResponses()) registry.registerComponent('responses', name, response);
  for (const [code, example] of exampleProblems()) registry.registerComponent('examples', code, example);
  for (const operation of operations) registerOperation(registry, operation, serverUrl);
  const schemas = Object.values(namedSchemas).map((schema) => ({ type: 'schema' as const, schema }));
  const document = new OpenApiGeneratorV31([...schemas, ...registry.definitions]).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Timbre',
      version,
      description: introduction(serverUrl),
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: serverUrl }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
  });
  const components = document.components?.schemas as SchemaNodes;
  requireDefaults(components);
  describeProperties(components);
  forbidNullParameters(document.paths as PathNodes);
  return document;
}
