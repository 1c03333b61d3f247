/** Which view is open, kept in the address after `#`, so that every view and every result has a link. */
import { useEffect, useState } from 'preact/hooks';

export const viewNames = ['classify', 'listen', 'archives', 'evaluate', 'operate', 'api'] as const;
export type ViewName = (typeof viewNames)[number];

export interface Route {
  view: ViewName;
  /** Of the job, batch or evaluation that is shown. */
  id?: string;
}

/** `#/listen`, `#/archives/<batchId>`, `#/job/<jobId>`; anything else is the first view. */
export function parseRoute(hash: string): Route {
  const [name = '', id] = hash.replace(/^#\/?/, '').split('/');
  if (name === 'job' && id) return { view: 'classify', id: decodeURIComponent(id) };
  const view = viewNames.find((known) => known === name) ?? 'classify';
  return id && view !== 'classify' ? { view, id: decodeURIComponent(id) } : { view };
}

export function linkTo({ view, id }: Route): string {
  if (id === undefined) return view === 'classify' ? '#/' : `#/${view}`;
  return `#/${view === 'classify' ? 'job' : view}/${encodeURIComponent(id)}`;
}

export function goTo(route: Route): void {
  location.hash = linkTo(route);
}

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const change = (): void => setHash(location.hash);
    addEventListener('hashchange', change);
    return () => removeEventListener('hashchange', change);
  }, []);
  return parseRoute(hash);
}
