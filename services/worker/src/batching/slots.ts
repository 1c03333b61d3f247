/**
 * The runs that may be in flight at once in one process, shared by the batchers of all its models. Slots reserved for the
 * interactive lane are never taken by bulk, and a slot that frees is offered to interactive work of every model first.
 */
import type { Lane } from '@timbre/shared/contracts/job';

const laneOrder: readonly Lane[] = ['interactive', 'bulk'];

export interface Slots {
  readonly total: number;
  /**
   * Takes a slot if one is free for this lane; the returned function gives it back, once.
   * @param keepFree slots that bulk must leave, beyond what is reserved (the larger counts)
   */
  tryTake(lane: Lane, keepFree?: number): (() => void) | undefined;
  /** `offer` is called for each lane, interactive first, whenever a slot frees. Returns the way to stop that. */
  onFree(offer: (lane: Lane) => void): () => void;
}

export interface SlotOptions {
  total: number;
  /** Less than `total`, or bulk would never run. */
  reservedInteractive: number;
}

export function createSlots({ total, reservedInteractive }: SlotOptions): Slots {
  if (total < 1 || reservedInteractive < 0 || reservedInteractive >= total)
    throw new RangeError(`${reservedInteractive} of ${total} slots cannot be reserved`);
  let free = total;
  let offers: ((lane: Lane) => void)[] = [];

  const giveBack = () => {
    free += 1;
    // The first in line moves to the end, so no model is always asked first.
    const [first, ...others] = offers;
    if (first) offers = [...others, first];
    for (const lane of laneOrder) for (const offer of offers) offer(lane);
  };

  return {
    total,
    tryTake(lane, keepFree = 0) {
      if (free <= (lane === 'bulk' ? Math.max(reservedInteractive, keepFree) : 0)) return undefined;
      free -= 1;
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        giveBack();
      };
    },
    onFree(offer) {
      offers = [...offers, offer];
      return () => void (offers = offers.filter((other) => other !== offer));
    },
  };
}
