/**
 * One take: from the microphone through `/v1/stream` and back. Nothing that was captured is left out: while the server is away
 * it is kept, up to `MAX_KEPT_SECONDS`, and sent once a new session is open.
 *
 * `connecting` → `live` ↔ `reconnecting` → `ending` → `ended`; `failed` from any but the last, with what to do.
 */
import type { StreamServerMessage, StreamWindow } from '@timbre/shared/contracts/stream';
import type { Problem } from '../parts/problem.js';
import type { Piece } from './capture-worklet.js';

export type TakeState = 'connecting' | 'live' | 'reconnecting' | 'ending' | 'ended' | 'failed';

export interface HeardWindow extends Omit<StreamWindow, 'type'> {
  /** From the capture of its last sample to its answer, by this machine's clock. */
  soundToAnswerMs: number | undefined;
}

export interface TakeView {
  state: TakeState;
  labels: string[];
  hopSeconds: number;
  sampleRateHz: number;
  windows: readonly HeardWindow[];
  capturedSamples: number;
  sentSamples: number;
  /** What the server says it got, of the sessions that ended. */
  receivedSamples: number | undefined;
  /** Windows the server had no time for. */
  skipped: number;
  reconnects: number;
  /** Of what was saved; more than one when the server went away in between. */
  jobIds: readonly string[];
  problem: Problem | undefined;
}

export interface Connection {
  send: (data: ArrayBuffer | string) => void;
  close: () => void;
}

export interface TakeOptions {
  sampleRateHz: number;
  /** Opens a session; events come later. */
  connect: (events: ConnectionEvents) => Connection;
  onChange: () => void;
  now?: () => number;
  later?: (act: () => void, ms: number) => void;
}

export interface ConnectionEvents {
  onMessage: (message: StreamServerMessage) => void;
  /** 1013 and what looks like a broken line may be tried again. */
  onClose: (code: number) => void;
}

export const MAX_KEPT_SECONDS = 60;
const RETRY_MS = 1000;
/** Windows remembered, some 20 minutes of them. */
const MAX_WINDOWS = 2400;
/** What the person has to change; no use in trying again. */
const POLICY_CLOSE = 1008;

export class Take {
  readonly #options: TakeOptions;
  readonly #now: () => number;
  #connection: Connection | undefined;
  #ready = false;
  #kept: ArrayBuffer[] = [];
  #keptSamples = 0;
  /** Samples captured before the open session began. */
  #base = 0;
  /** When the last sample of each piece was captured. */
  #captures: { samples: number; atMs: number }[] = [];
  #view: TakeView = {
    state: 'connecting',
    sampleRateHz: 0,
    labels: [],
    hopSeconds: 1,
    windows: [],
    capturedSamples: 0,
    sentSamples: 0,
    receivedSamples: undefined,
    skipped: 0,
    reconnects: 0,
    jobIds: [],
    problem: undefined,
  };

  constructor(options: TakeOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#view = { ...this.#view, sampleRateHz: options.sampleRateHz };
    this.#connect();
  }

  get view(): TakeView {
    return this.#view;
  }

  add({ pcm }: Piece): void {
    if (this.#isOver() || this.#view.state === 'ending') return;
    const capturedSamples = this.#view.capturedSamples + pcm.byteLength / 2;
    this.#captures.push({ samples: capturedSamples, atMs: this.#now() });
    if (this.#captures.length > 6000) this.#captures.splice(0, 1000);
    this.#kept.push(pcm);
    this.#keptSamples += pcm.byteLength / 2;
    this.#view = { ...this.#view, capturedSamples };
    if (this.#ready) this.#sendKept();
    else if (this.#keptSamples > MAX_KEPT_SECONDS * this.#options.sampleRateHz)
      this.#fail({
        title: 'The server has been away for too long',
        detail: `${MAX_KEPT_SECONDS} seconds of sound were kept for it, and more would fill the memory. Start again when it is back.`,
      });
  }

  /** No more sound: waits for the last answers. */
  end(): void {
    if (this.#isOver()) return;
    if (!this.#ready) {
      this.#connection?.close();
      this.#change({ state: 'ended' });
      return;
    }
    this.#change({ state: 'ending' });
    this.#connection?.send(JSON.stringify({ type: 'end' }));
  }

  lose(problem: Problem): void {
    this.#fail(problem);
  }

  #isOver(): boolean {
    return this.#view.state === 'ended' || this.#view.state === 'failed';
  }

  #connect(): void {
    this.#base = this.#view.capturedSamples - this.#keptSamples;
    const connection: Connection = this.#options.connect({
      onMessage: (message) => {
        if (this.#connection === connection && !this.#isOver()) this.#take(message);
      },
      onClose: (code) => {
        if (this.#connection === connection) this.#closed(code);
      },
    });
    this.#connection = connection;
  }

  #sendKept(): void {
    for (const pcm of this.#kept) this.#connection?.send(pcm);
    this.#view = { ...this.#view, sentSamples: this.#view.sentSamples + this.#keptSamples };
    this.#kept = [];
    this.#keptSamples = 0;
  }

  #take(message: StreamServerMessage): void {
    switch (message.type) {
      case 'ready':
        this.#ready = true;
        this.#sendKept();
        this.#change({ state: 'live', labels: message.labels, hopSeconds: message.hopSeconds });
        return;
      case 'window':
        this.#hear(message);
        return;
      case 'lagging':
        this.#change({ skipped: this.#view.skipped + message.skipped });
        return;
      case 'error':
        // With a number it is about one window only.
        if (message.seq !== undefined) this.#change({ skipped: this.#view.skipped + 1 });
        else this.#change({ problem: { title: titleOf(message.code), detail: message.detail, code: message.code } });
        return;
      case 'end':
        this.#change({
          // A server that shuts down ends its sessions by itself; the take goes on with the next one.
          ...(this.#view.state === 'ending' ? { state: 'ended' as const } : {}),
          jobIds: [...this.#view.jobIds, ...(message.jobId === undefined ? [] : [message.jobId])],
          receivedSamples: (this.#view.receivedSamples ?? 0) + message.receivedSamples,
        });
    }
  }

  #hear({ type: _type, ...window }: StreamWindow): void {
    const rate = this.#options.sampleRateHz;
    const base = this.#base / rate;
    const lastSample = Math.round(this.#base + window.endSeconds * rate);
    const capture = this.#captures.find(({ samples }) => samples >= lastSample);
    const heard: HeardWindow = {
      ...window,
      startSeconds: window.startSeconds + base,
      endSeconds: window.endSeconds + base,
      soundToAnswerMs: capture && this.#now() - capture.atMs,
    };
    this.#change({ windows: [...this.#view.windows.slice(-MAX_WINDOWS), heard] });
  }

  #closed(code: number): void {
    this.#connection = undefined;
    this.#ready = false;
    const { state, problem } = this.#view;
    if (this.#isOver()) return;
    if (state === 'ending') {
      this.#change({ state: 'ended' });
      return;
    }
    if (code === POLICY_CLOSE) {
      this.#fail(
        problem ?? { title: 'The server refused to listen', detail: 'Look at the key and the settings of the server.' },
      );
      return;
    }
    this.#change({ state: 'reconnecting', reconnects: this.#view.reconnects + (state === 'live' ? 1 : 0) });
    const later = this.#options.later ?? ((act, ms) => void setTimeout(act, ms));
    later(() => {
      if (this.#view.state === 'reconnecting' && !this.#connection) this.#connect();
    }, RETRY_MS);
  }

  #fail(problem: Problem): void {
    if (this.#isOver()) return;
    this.#change({ state: 'failed', problem });
    this.#connection?.close();
  }

  #change(changes: Partial<TakeView>): void {
    this.#view = { ...this.#view, ...changes };
    // Once sound goes through again, what hindered it is over.
    if (changes.state === 'live') this.#view = { ...this.#view, problem: undefined };
    this.#options.onChange();
  }
}

function titleOf(code: string): string {
  if (/^(too_many|overloaded|queue_full|busy|quota|rate_limited|draining)/.test(code)) return 'The server is busy';
  if (code.startsWith('auth') || code === 'forbidden') return 'The server wants another key';
  return 'The server stopped listening';
}
