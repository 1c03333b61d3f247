/**
 * What every view needs of the server: the client with the person's key, the models, and whether the server is there.
 *
 * States of the connection: `starting` → `ready` | `needsKey` | `away`; `ready` ↔ `away` as the server goes and comes back,
 * and each return counts `visits` up, on which views read again what may have changed meanwhile.
 */
import { createContext, type ComponentChildren } from 'preact';
import { useCallback, useContext, useEffect, useMemo, useState } from 'preact/hooks';
import { createTimbreClient, TimbreApiError, type ServedModel, type TimbreClient } from '@timbre/client';

export type Connection = 'starting' | 'ready' | 'needsKey' | 'away';

export interface Session {
  client: TimbreClient;
  connection: Connection;
  /** In the order of the server's preference. */
  models: ServedModel[];
  defaultModel: ServedModel | undefined;
  /** Why the key was refused, for people. */
  keyProblem: string | undefined;
  apiKey: string | undefined;
  setApiKey: (key: string | undefined) => void;
  /** Times the server was found; grows when it comes back. */
  visits: number;
}

const STORED_KEY = 'timbre.key';
const CHECK_MS = 4000;
const Context = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(Context);
  if (!session) throw new Error('no session around this part of the page');
  return session;
}

export function SessionProvider({ children }: { children: ComponentChildren }) {
  const [apiKey, storeKey] = useState(() => sessionStorage.getItem(STORED_KEY) ?? undefined);
  const client = useMemo(
    () => createTimbreClient({ baseUrl: location.origin, apiKey, retry: { attempts: 4 } }),
    [apiKey],
  );
  const server = useServer(client, apiKey);
  const setApiKey = useCallback((key: string | undefined) => {
    if (key === undefined) sessionStorage.removeItem(STORED_KEY);
    else sessionStorage.setItem(STORED_KEY, key);
    storeKey(key);
  }, []);
  const session: Session = {
    ...server,
    client,
    apiKey,
    setApiKey,
    defaultModel: server.models.find((model) => model.isDefault) ?? server.models[0],
  };
  return <Context.Provider value={session}>{children}</Context.Provider>;
}

type ServerState = Pick<Session, 'connection' | 'models' | 'keyProblem' | 'visits'>;

function useServer(client: TimbreClient, apiKey: string | undefined): ServerState {
  const [state, setState] = useState<ServerState>({
    connection: 'starting',
    models: [],
    keyProblem: undefined,
    visits: 0,
  });
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let connected = false;
    const check = async (): Promise<void> => {
      try {
        if (!connected) {
          const models = await client.models.list({ signal: stop.signal });
          connected = true;
          setState((old) => ({ connection: 'ready', models, keyProblem: undefined, visits: old.visits + 1 }));
        } else await client.system.ready({ signal: stop.signal });
      } catch (error) {
        if (stop.signal.aborted) return;
        connected = false;
        const refused = error instanceof TimbreApiError && (error.status === 401 || error.status === 403);
        const keyProblem = refused && apiKey !== undefined ? error.message : undefined;
        setState((old) => ({ ...old, connection: refused ? 'needsKey' : 'away', keyProblem }));
        if (refused) return;
      }
      timer = setTimeout(() => void check(), connected ? CHECK_MS : CHECK_MS / 4);
    };
    void check();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [client, apiKey]);
  return state;
}
