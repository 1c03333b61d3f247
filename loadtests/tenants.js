/** k6 run -e KEYS=greedy,one,two loadtests/tenants.js: the first tenant floods the bulk lane, the others classify clips meanwhile. */
export { greedyTenant, personOfATenant } from './scenarios.js';

const duration = __ENV.DURATION || '1m';

export const options = {
  scenarios: {
    greedyTenant: { executor: 'constant-vus', exec: 'greedyTenant', vus: 4, duration },
    personOfATenant: {
      executor: 'constant-arrival-rate',
      exec: 'personOfATenant',
      rate: Number(__ENV.RATE || 3),
      duration,
      preAllocatedVUs: 10,
      maxVUs: 100,
    },
  },
  thresholds: { timbre_wrong: ['rate==0'], timbre_clip_seconds: ['p(95)<2.5'] },
};
