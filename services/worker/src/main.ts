import { workerSchema } from '@timbre/shared/config/schemas';
import { loadConfigOrExit } from '@timbre/shared/config/load-config';
import { createModelCatalog } from '@timbre/shared/models/model-catalog';
import { startStageService } from '@timbre/shared/queue/stage-service';
import { createInferHandler } from './handler.js';
import { createModelHost } from './inference/model-host.js';

const config = loadConfigOrExit(workerSchema, process.env);
