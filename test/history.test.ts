import { describe, expect, it } from 'vitest';
import type { JobView } from '@timbre/shared/contracts/job';
import { checkHistory, type History, type JobHistory } from './history.js';

const view = (change: Partial<JobView> = {}) =>
  ({ state: 'succeeded', clip: { name: 'a' }, result: { label: 'drums' }, ...change }) as unknown as JobView;
const events = (...states: JobHistory['seen']) => states.map((state, index) => ({ seq: index + 1, state }));
const good: JobHistory = {
  id: 'j1',
  events: events('queued', 'preprocessing', 'inferring', 'succeeded'),
  view: view(),
  seen: ['queued', 'succeeded'],
};
const history = (job: Partial<JobHistory> = {}, change: Partial<History> = {}): History => ({
  accepted: ['j1'],
  jobs: [{ ...good, ...job }],
  oracle: new Map([['a', { label: 'drums' }]]),
  backlog: { audioSeconds: 0, jobs: 0 },
  liveJobs: 0,
  ...change,
});

describe('history checker', () => {
  it('finds nothing wrong with a job that kept its promises', () => {
    expect(checkHistory(history())).toEqual([]);
  });

  // Each seeded bug must be caught: a checker that finds nothing proves nothing.
  it.each<[string, History]>([
    ['accepted and lost', history({}, { jobs: [] })],
    ['stuck in inferring', history({ view: view({ state: 'inferring' }) })],
    [
      'gap or a repeat',
      history({
        events: [
          { seq: 1, state: 'queued' },
          { seq: 3, state: 'succeeded' },
        ],
      }),
    ],
    ['ended 2 times', history({ events: events('queued', 'succeeded', 'succeeded') })],
    ['log does not end as', history({ events: events('queued', 'failed') })],
    ['states went backwards', history({ events: events('inferring', 'preprocessing', 'succeeded') })],
    ['client saw states go backwards', history({ seen: ['inferring', 'queued'] })],
    ['without a listed code', history({ view: view({ state: 'failed' }), events: events('queued', 'failed') })],
    ['differs from the calm run', history({}, { oracle: new Map([['a', { label: 'piano' }]]) })],
    ['still counted as unfinished', history({}, { liveJobs: 1 })],
    ['backlog ends at', history({}, { backlog: { audioSeconds: 2, jobs: 1 } })],
    ['given out twice', history({}, { accepted: ['j1', 'j1'] })],
  ])('reports "%s"', (sentence, broken) => {
    expect(checkHistory(broken).join('\n')).toContain(sentence);
  });
});
