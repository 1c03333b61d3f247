/** Lets timers and sockets have their turn while one long pass hashes and inflates on the event loop. */
import { setImmediate } from 'node:timers/promises';

/** About 5 ms of hashing. */
const TURN_BYTES = 4 * 1024 * 1024;
/** Work that handling one entry costs, in bytes of hashing. */
const ENTRY_BYTES = 16 * 1024;

export class EventLoopPace {
  #spent = 0;

  async spend(bytes: number): Promise<void> {
    this.#spent += bytes + ENTRY_BYTES;
    if (this.#spent < TURN_BYTES) return;
    this.#spent = 0;
    await setImmediate();
  }
}
