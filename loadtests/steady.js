/** k6 run loadtests/steady.js: RATE clips a second for DURATION. */
export { person } from './scenarios.js';

export const options = {
  scenarios: {
    person: {
      executor: 'constant-arrival-rate',
      exec: 'person',
      rate: Number(__ENV.RATE || 10),
      duration: __ENV.DURATION || '1m',
      preAllocatedVUs: 20,
      maxVUs: 200,
    },
  },
  thresholds: {
    timbre_wrong: ['rate==0'],
    timbre_clip_seconds: ['p(50)<0.5', 'p(99)<2.5'],
    dropped_iterations: ['count==0'],
  },
};
