import { describe, expect, it } from 'vitest';
import { linkTo, parseRoute, viewNames } from './route.js';

describe('parseRoute', () => {
  it('gives the first view for an empty or unknown address', () => {
    for (const hash of ['', '#', '#/', '#/nonsense', '#/job']) expect(parseRoute(hash)).toEqual({ view: 'classify' });
  });

  it('reads back what linkTo writes, for every view, with and without an id', () => {
    for (const view of viewNames)
      for (const route of [{ view }, { view, id: 'b0/ä' }]) expect(parseRoute(linkTo(route))).toEqual(route);
  });

  it('names the link of a result after the job', () => {
    expect(linkTo({ view: 'classify', id: 'j1' })).toBe('#/job/j1');
  });
});
