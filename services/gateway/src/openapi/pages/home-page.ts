/** Where a person who opens the gateway in a browser begins. */
import { markup } from './markup.js';
import { renderPage } from './page.js';

const links: readonly (readonly [address: string, name: string, what: string])[] = [
  ['/docs', 'API documentation', 'every call, with a form to try it'],
  ['/openapi.json', 'OpenAPI document', 'for tools'],
  ['/v1/models', 'Models', 'labels, thresholds, measured accuracy'],
  ['/v1/limits', 'Limits', 'sizes, rates and durations in force'],
  ['/readyz', 'Readiness', 'whether this server can take work, and why not'],
  ['/healthz', 'Health', 'whether it is alive'],
];

export function homePage(serverUrl: string, version: string): string {
  return renderPage(
    'Timbre',
    markup`<h1>Timbre</h1>
<p class="lead">Tells which instrument plays in a recording.</p>
<p><strong>The page is not built here.</strong> Run <code>npm run build</code> in the project and load this again; the
service itself works without it.</p>
<h2>Classify a clip</h2>
<pre><code>curl -F file=@take3.wav ${serverUrl}/v1/classify</code></pre>
<p>The answer has the decision, a calibrated confidence and a timeline. For the label alone:</p>
<pre><code>curl -F file=@take3.wav ${serverUrl}/predict_instrument</code></pre>
<h2>Many clips</h2>
<p>Submit each as a job, which answers at once, then wait for its end or follow it:</p>
<pre><code>curl -F file=@take3.wav ${serverUrl}/v1/jobs
curl '${serverUrl}/v1/jobs/JOB_ID?waitSeconds=30'
curl -N ${serverUrl}/v1/jobs/JOB_ID/events</code></pre>
<p>Where keys are in force, add <code>-H 'Authorization: Bearer KEY'</code>.</p>
<h2>Look around</h2>
<ul>
${links.map(([address, name, what]) => markup`<li><a href="${address}">${name}</a>: ${what}</li>\n`)}</ul>
<p class="lead">Version ${version}</p>`,
  );
}
