/** k6 run -e ARCHIVES=a.tar,b.tar loadtests/archive.js: archives one after the other, each watched to its end. */
export { archive } from './scenarios.js';

export const options = {
  scenarios: {
    archive: {
      executor: 'shared-iterations',
      exec: 'archive',
      vus: 1,
      iterations: Number(__ENV.ITERATIONS || 2),
      maxDuration: '30m',
    },
  },
  thresholds: { timbre_wrong: ['rate==0'], timbre_batch_seconds: ['max<600'] },
};
