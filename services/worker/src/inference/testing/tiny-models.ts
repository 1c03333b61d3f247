/** Models of a few hundred bytes with the card that fits them, for tests. Each window is 4 samples. */
import { modelCardSchema, type ModelCard } from '@timbre/shared/contracts/model-card';
import { sha256Hex } from '@timbre/shared/digest';
import { floats, ints, node, onnxModel, type Graph, type Value } from './onnx-writer.js';

export const samples = 4;

const windows: Value = { name: 'x', dims: ['batch', samples] };
const scores = (labels: number): Value => ({ name: 'y', dims: ['batch', labels] });

/** `y = x · w + b`: label k answers `gain` times the sum of the samples, plus k. */
export function linearGraph(labels = 3, gain = 1): Graph {
  return {
    nodes: [node('Gemm', ['x', 'w', 'b'], ['y'])],
    initializers: [
      floats('w', [samples, labels], Array<number>(samples * labels).fill(gain)),
      floats(
        'b',
        [labels],
        Array.from({ length: labels }, (_, label) => label),
      ),
    ],
    inputs: [windows],
    outputs: [scores(labels)],
  };
}

/** What `linearGraph` answers for a window. */
export function linearAnswer(window: number[], labels = 3, gain = 1): number[] {
  const sum = window.reduce((a, b) => a + b, 0) * gain;
  return Array.from({ length: labels }, (_, label) => sum + label);
}

/** As `linearGraph`, of square roots: a window with a negative sample answers NaN. */
export function rootGraph(labels = 3): Graph {
  const graph = linearGraph(labels);
  return { ...graph, nodes: [node('Sqrt', ['x'], ['root']), node('Gemm', ['root', 'w', 'b'], ['y'])] };
}

/** As `linearGraph`, but the whole run fails when a first sample is 9 or more: it is an index into 9 numbers. */
export function brittleGraph(labels = 3): Graph {
  const graph = linearGraph(labels);
  return {
    ...graph,
    nodes: [
      node('Gather', ['x', 'first'], ['head'], { axis: 1 }),
      node('Cast', ['head'], ['index'], { to: 7 }),
      node('Gather', ['zeros', 'index'], ['nothing']),
      node('Add', ['x', 'nothing'], ['same']),
      node('Gemm', ['same', 'w', 'b'], ['y']),
    ],
    initializers: [...(graph.initializers ?? []), ints('first', [0]), floats('zeros', [9], Array<number>(9).fill(0))],
  };
}

export interface TinyModel {
  onnx: Uint8Array;
  card: ModelCard;
}

export function tinyModel(id: string, graph: Graph = linearGraph(), changes: Record<string, unknown> = {}): TinyModel {
  const onnx = onnxModel(graph);
  const card = modelCardSchema.parse({
    id,
    version: '1',
    title: `Test model ${id}`,
    labels: ['low', 'middle', 'high'],
    features: {
      version: 1,
      sampleRateHz: 4000,
      crop: { kind: 'sliding', windowSeconds: samples / 4000, hopSeconds: samples / 4000 },
      transform: { kind: 'waveform' },
    },
    input: { name: 'x', dims: [null, samples] },
    output: { name: 'y', kind: 'logits' },
    thresholds: { unknown: 0.5 },
    silenceGate: { rmsDbfs: -60 },
    onnxSha256: sha256Hex(onnx),
    licence: 'MIT',
    ...changes,
  });
  return { onnx, card };
}
