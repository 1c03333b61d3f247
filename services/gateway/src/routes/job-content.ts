/** `/v1/jobs/:id/audio`, `/peaks` and `/features`: what a page needs to show and play a clip. */
import { pipeline } from 'node:stream/promises';
import { Router, type Request, type RequestHandler } from 'express';
import { z } from 'zod';
import { requireScope } from '../http/authenticate.js';
import { methodNotAllowed } from '../http/error-handler.js';
import { parseInput } from '../http/parse.js';
import { requirePrincipal } from '../http/request-context.js';
import { audioType, parseRange } from '../jobs/audio-content.js';
import { featureMatrix } from '../jobs/feature-matrix.js';
import type { JobContent } from '../jobs/job-content.js';
import { peaksQuerySchema, peaksView } from '../jobs/peaks-view.js';
import { baseName } from '../uploads/receive-clip.js';

const flag = z.enum(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1');

export const audioQuerySchema = z.strictObject({ inline: flag.default(false) });

export const featuresQuerySchema = z.strictObject({
  from: z.coerce.number().int().min(0).default(0),
  count: z.coerce.number().int().min(1).max(200).default(30),
});

export function jobContentRoutes(content: JobContent): Router {
  const router = Router();
  const id = (request: Request) => String(request.params['id']);

  const audio: RequestHandler = async (request, response) => {
    const { inline } = parseInput(audioQuerySchema, request.query);
    const { view, content: sound } = await content.audio(requirePrincipal(request), id(request));
    const range = parseRange(request.get('range'), sound.bytes);
    response.set({
      'Accept-Ranges': 'bytes',
      'Cache-Control': 'private, no-transform',
      'Content-Disposition': disposition(inline, view.clip.name),
      ...(view.clip.sha256 === undefined ? {} : { ETag: `"${view.clip.sha256}"` }),
    });
    if (range === null) {
      response.status(416).set('Content-Range', `bytes */${sound.bytes}`).end();
      return;
    }
    const { offset, length } = range ?? { offset: 0, length: sound.bytes };
    if (range) response.status(206).set('Content-Range', `bytes ${offset}-${offset + length - 1}/${sound.bytes}`);
    response.set({ 'Content-Type': audioType(view.clip.format), 'Content-Length': String(length) });
    if (request.method === 'HEAD') return void response.end();
    await pipeline(await sound.open({ offset, length }), response);
  };
  router.route('/:id/audio').get(requireScope('read'), audio).all(methodNotAllowed('GET'));

  router
    .route('/:id/peaks')
    .get(requireScope('read'), async (request, response) => {
      const { points } = parseInput(peaksQuerySchema, request.query);
      response.json(peaksView(await content.peaks(requirePrincipal(request), id(request)), points));
    })
    .all(methodNotAllowed('GET'));

  router
    .route('/:id/features')
    .get(requireScope('read'), async (request, response) => {
      const page = parseInput(featuresQuerySchema, request.query);
      const { pack, spec } = await content.features(requirePrincipal(request), id(request));
      response.json(featureMatrix(pack, spec, page));
    })
    .all(methodNotAllowed('GET'));

  return router;
}

/** RFC 6266: the name in plain ASCII, and in full for those that read it. */
function disposition(inline: boolean, name: string): string {
  const clean = baseName(name);
  const plain = clean.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const full = encodeURIComponent(clean).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
  return `${inline ? 'inline' : 'attachment'}; filename="${plain}"; filename*=UTF-8''${full}`;
}
