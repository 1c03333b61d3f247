/** k6 run loadtests/microphone.js: SESSIONS microphones at once, 10 seconds each, in real time. */
export { microphone } from './scenarios.js';

export const options = {
  scenarios: {
    microphone: {
      executor: 'constant-vus',
      exec: 'microphone',
      vus: Number(__ENV.SESSIONS || 4),
      duration: __ENV.DURATION || '30s',
      gracefulStop: '30s',
    },
  },
  thresholds: { timbre_wrong: ['rate==0'], timbre_window_latency_ms: ['p(95)<1000'] },
};
