/**
 * The browsable API documentation: Swagger UI from its package, so nothing is loaded from elsewhere. Its start script is a
 * file of its own, because the policy allows no script inside the page.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const packageFolder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

/** Files of the package that the page loads; no others are served. */
export const docsAssets = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'] as const;
export const startScriptName = 'start.js';

export function docsAssetPath(name: string): string | undefined {
  return docsAssets.some((asset) => asset === name) ? join(packageFolder, name) : undefined;
}

/** Swagger UI 5.35 works under it, every part opened once in Chromium 156; its style sheet holds icons as data. */
export const docsPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const docsPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Timbre API</title>
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<noscript>This page needs JavaScript; the document itself is <a href="/openapi.json">/openapi.json</a>.</noscript>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/${startScriptName}"></script>
</body>
</html>
`;

/**
 * Calls go to the server that shows the page, whatever address the document names: others would be refused. Forms
 * show the file alone, as their other fields are parameters too: Swagger UI sends every field, with made-up values.
 */
export const startScript = `fetch('/openapi.json')
  .then((response) => response.json())
  .then((spec) => {
    spec.servers = [{ url: location.origin }];
    const form = spec.components.schemas.ClipForm;
    form.properties = { file: form.properties.file };
    SwaggerUIBundle({
      spec,
      dom_id: '#docs',
      deepLinking: true,
      docExpansion: 'list',
      defaultModelsExpandDepth: 0,
      displayRequestDuration: true,
      persistAuthorization: false,
      tryItOutEnabled: false,
      validatorUrl: null,
    });
  });
`;
