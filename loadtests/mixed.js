/**
 * k6 run loadtests/mixed.js: everything at once for DURATION (also the soak test: DURATION=8h): people of two tenants, a
 * microphone, a tenant with bulk clips, archives, and in the middle a burst of people.
 */
export { archive, greedyTenant, microphone, personOfATenant } from './scenarios.js';

const seconds = Number(__ENV.SECONDS || 120);
const rate = Number(__ENV.RATE || 3);
const arrivals = { timeUnit: '1s', preAllocatedVUs: 80, maxVUs: 300 };
const duration = `${seconds}s`;

export const options = {
  summaryTrendStats: ['min', 'med', 'avg', 'p(90)', 'p(95)', 'p(99)', 'max', 'count'],
  scenarios: {
    people: { executor: 'constant-arrival-rate', exec: 'personOfATenant', rate, duration, ...arrivals },
    burst: {
      executor: 'constant-arrival-rate',
      exec: 'personOfATenant',
      rate: Number(__ENV.BURST_RATE || 6 * rate),
      startTime: `${Math.round(seconds / 2)}s`,
      duration: `${Math.round(seconds / 12)}s`,
      ...arrivals,
      preAllocatedVUs: 250,
    },
    bulk: { executor: 'constant-arrival-rate', exec: 'greedyTenant', rate: 2, duration, ...arrivals },
    archives: {
      executor: 'constant-arrival-rate',
      exec: 'archive',
      rate: 1,
      duration,
      timeUnit: `${Math.max(30, Math.round(seconds / 6))}s`,
      preAllocatedVUs: 3,
      maxVUs: 10,
      gracefulStop: '120s',
    },
    microphone: { executor: 'constant-vus', exec: 'microphone', vus: 1, duration, gracefulStop: '30s' },
  },
  thresholds: {
    timbre_wrong: ['rate==0'],
    http_req_failed: ['rate==0'],
    dropped_iterations: ['count==0'],
    'timbre_clip_seconds{scenario:people}': ['p(95)<5'],
    'timbre_clip_seconds{scenario:burst}': ['p(95)<30'],
    timbre_batch_seconds: ['max<600'],
    timbre_window_latency_ms: ['p(95)<2000'],
  },
};
