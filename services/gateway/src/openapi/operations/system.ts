import { z } from 'zod';
import { healthSchema, limitsSchema, readinessSchema } from '../answer-schemas.js';
import { limits, notReady } from '../examples.js';
import { describedParameters, jsonAnswer, textAnswer, type Operation } from '../operation.js';

const getHealth: Operation = {
  method: 'get',
  path: '/healthz',
  tag: 'System',
  operationId: 'getHealth',
  summary: 'Is the process alive',
  description: 'Answers as long as the process runs, whatever else is missing. For liveness probes.',
  scope: null,
  answers: { 200: jsonAnswer('It is.', healthSchema, { example: { status: 'ok' } }) },
  problems: [],
};

const allOk = Object.fromEntries(Object.keys(notReady.checks).map((name) => [name, 'ok']));

const getReadiness: Operation = {
  method: 'get',
  path: '/readyz',
  tag: 'System',
  operationId: 'getReadiness',
  summary: 'Can the process take work',
  description: 'Names each thing that must hold and the reason where it does not. For readiness probes.',
  scope: null,
  answers: {
    200: jsonAnswer('It can.', readinessSchema, { example: { ready: true, checks: allOk } }),
    503: jsonAnswer('It cannot.', readinessSchema, { example: notReady }),
  },
  problems: [],
};

const getLimits: Operation = {
  method: 'get',
  path: '/v1/limits',
  tag: 'System',
  operationId: 'getLimits',
  summary: 'Limits in force',
  description: 'What this server takes and keeps: sizes, rates, durations.',
  scope: null,
  answers: { 200: jsonAnswer('The limits.', limitsSchema, { example: limits }) },
  problems: [],
};

const getOpenApi: Operation = {
  method: 'get',
  path: '/openapi.json',
  tag: 'Pages',
  operationId: 'getOpenApi',
  summary: 'This document',
  description: 'OpenAPI 3.1, generated from the schemas that parse the requests.',
  scope: null,
  answers: { 200: jsonAnswer('The document.', z.looseObject({ openapi: z.string() })) },
  problems: [],
};

const getDocs: Operation = {
  method: 'get',
  path: '/docs',
  tag: 'Pages',
  operationId: 'getDocs',
  summary: 'This document, for people',
  description: 'Every call with a form to try it. Served from this server alone.',
  scope: null,
  answers: { 200: textAnswer('The page.', ['text/html']) },
  problems: [],
};

const getDocsAsset: Operation = {
  method: 'get',
  path: '/docs/{asset}',
  tag: 'Pages',
  operationId: 'getDocsAsset',
  summary: 'A file of the documentation page',
  description: 'Scripts, styles and the icon that `/docs` loads.',
  scope: null,
  request: { params: describedParameters(z.object({ asset: z.string() }), { asset: 'File name.' }) },
  answers: { 200: textAnswer('The file.', ['text/javascript', 'text/css', 'image/png']) },
  problems: ['not_found'],
};

const getProblem: Operation = {
  method: 'get',
  path: '/problems/{code}',
  tag: 'Pages',
  operationId: 'getProblem',
  summary: 'What an error code means',
  description:
    'Meaning and remedy of a code: the address in the `type` of every problem document. A page for browsers, text for others.',
  scope: null,
  request: { params: describedParameters(z.object({ code: z.string() }), { code: 'Error code.' }) },
  answers: { 200: textAnswer('Meaning and remedy.', ['text/html', 'text/plain']) },
  problems: ['not_found'],
};

const getHome: Operation = {
  method: 'get',
  path: '/',
  tag: 'Pages',
  operationId: 'getHome',
  summary: 'Where to begin',
  description:
    'The page to classify, listen and look after archives with; where it was not built, commands to try and links.',
  scope: null,
  answers: { 200: textAnswer('The page.', ['text/html']) },
  problems: [],
};

const getPageAsset: Operation = {
  method: 'get',
  path: '/assets/{name}',
  tag: 'Pages',
  operationId: 'getPageAsset',
  summary: 'A file of the page',
  description: 'Scripts, styles and fonts that `/` loads. A name changes with the content, so answers may be kept.',
  scope: null,
  request: { params: describedParameters(z.object({ name: z.string() }), { name: 'File name.' }) },
  answers: { 200: textAnswer('The file.', ['text/javascript', 'text/css', 'font/woff2', 'image/svg+xml']) },
  problems: ['not_found'],
};

export const systemOperations: readonly Operation[] = [
  getHealth,
  getReadiness,
  getLimits,
  getOpenApi,
  getDocs,
  getDocsAsset,
  getProblem,
  getHome,
  getPageAsset,
];
