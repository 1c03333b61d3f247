/**
 * Places for work by group: so many of one group run at once, some more wait in line, and what comes beyond is refused. One
 * group that is slow keeps its own places busy and nobody else's: who has nothing running is never refused.
 */
export interface Places {
  /** Runs the work now or when a place of its group is free; `undefined` when the line of the group is full. */
  take<T>(group: string, work: () => Promise<T>): Promise<T> | undefined;
}

interface Group {
  running: number;
  waiting: (() => void)[];
}

export interface PlacesOptions {
  /** Of one group. */
  running: number;
  waiting: number;
  /** Of all groups together. */
  waitingInAll: number;
}

export function createPlaces({ running, waiting, waitingInAll }: PlacesOptions): Places {
  let inLine = 0;
  const groups = new Map<string, Group>();
  const leave = (name: string, group: Group): void => {
    const next = group.waiting.shift();
    if (next) {
      inLine -= 1;
      return void next();
    }
    group.running -= 1;
    if (group.running === 0) groups.delete(name);
  };
  const run = async <T>(name: string, group: Group, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } finally {
      leave(name, group);
    }
  };
  return {
    take(name, work) {
      const group = groups.get(name) ?? { running: 0, waiting: [] };
      groups.set(name, group);
      if (group.running < running) {
        group.running += 1;
        return run(name, group, work);
      }
      if (group.waiting.length >= waiting || inLine >= waitingInAll) return undefined;
      inLine += 1;
      // A place is handed on, never free in between, so nobody jumps the line.
      const turn = new Promise<void>((resolve) => group.waiting.push(resolve));
      return turn.then(() => run(name, group, work));
    },
  };
}
