/** What the pool and its threads say to each other. Requests are answered in order; buffers are transferred, not copied. */
import type { SerializedError } from '@timbre/shared/errors';

/** How to feed one model: from its card, so that a run needs to carry only numbers. */
export interface GraphBinding {
  inputName: string;
  outputName: string;
  /** Shape of one row, without the batch axis. */
  rowDims: number[];
}

export type ThreadRequest =
  /** `providers` in order of preference; the first that works is taken. Loading what is loaded changes nothing. */
  | {
      kind: 'load';
      model: string;
      onnx: Uint8Array;
      binding: GraphBinding;
      providers: string[];
      intraOpThreads: number;
    }
  /** `rows`: `[count, ...rowDims]` */
  | { kind: 'run'; model: string; rows: Float32Array; count: number }
  | { kind: 'unload'; model: string }
  /** Releases everything; the thread ends by itself. */
  | { kind: 'close' };

/** One input or output of a graph as ONNX Runtime describes it. */
export interface GraphValue {
  name: string;
  /** `float32`…; `undefined` for what is no tensor. */
  type: string | undefined;
  /** Names stand for free axes; an empty list for a shape nobody declared. */
  dims: (number | string)[];
}

export interface LoadedGraph {
  provider: string;
  /** Providers asked for before it that did not work. */
  unavailable: { provider: string; reason: string }[];
  inputs: GraphValue[];
  outputs: GraphValue[];
}

export interface ThreadAnswers {
  load: LoadedGraph;
  run: Float32Array;
  unload: undefined;
  close: undefined;
}

export type ThreadMessage = { id: number; request: ThreadRequest };

export type ThreadReply = { id: number } & (
  { ok: true; answer: ThreadAnswers[keyof ThreadAnswers] } | { ok: false; error: SerializedError }
);
