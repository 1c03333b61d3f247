/** k6 run loadtests/burst.js: 2 clips a second, then RATE for 20 seconds, then 2 again: the end must be as quick as the start. */
export { person } from './scenarios.js';

const quiet = Number(__ENV.QUIET || 2);
const peak = Number(__ENV.RATE || 40);

export const options = {
  scenarios: {
    person: {
      executor: 'ramping-arrival-rate',
      exec: 'person',
      startRate: quiet,
      timeUnit: '1s',
      preAllocatedVUs: 50,
      maxVUs: 400,
      stages: [
        { target: quiet, duration: '20s' },
        { target: peak, duration: '1s' },
        { target: peak, duration: '20s' },
        { target: quiet, duration: '1s' },
        { target: quiet, duration: '40s' },
      ],
    },
  },
  thresholds: { timbre_wrong: ['rate==0'], timbre_clip_seconds: ['p(50)<5'] },
};
