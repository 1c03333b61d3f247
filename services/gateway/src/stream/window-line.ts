/** Answers leave in the order in which their windows were cut, whichever is ready first. Pure. */
import type { StreamServerMessage } from '@timbre/shared/contracts/stream';

export interface Place {
  /** Gives the message for this place, once. */
  fill(message: StreamServerMessage): void;
}

export class WindowLine {
  readonly #places: { message: StreamServerMessage | undefined; skipped: number }[] = [];
  readonly #send: (message: StreamServerMessage) => void;

  constructor(send: (message: StreamServerMessage) => void) {
    this.#send = send;
  }

  get open(): number {
    return this.#places.length;
  }

  take(): Place {
    const place = { message: undefined as StreamServerMessage | undefined, skipped: 0 };
    this.#places.push(place);
    return {
      fill: (message) => {
        place.message ??= message;
        this.#flush();
      },
    };
  }

  /** A window that will not be looked at; neighbours in the line are told of in one message. */
  skip(): void {
    const last = this.#places.at(-1);
    if (last && last.skipped > 0) last.skipped += 1;
    else this.#places.push({ message: undefined, skipped: 1 });
    this.#flush();
  }

  #flush(): void {
    for (let first = this.#places[0]; first; first = this.#places[0]) {
      const { skipped } = first;
      const message = skipped > 0 ? { type: 'lagging' as const, skipped } : first.message;
      if (!message) return;
      this.#places.shift();
      this.#send(message);
    }
  }
}
