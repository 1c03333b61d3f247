/** Whether a graph is what its card says. Pure. */
import { windowShape } from '@timbre/shared/contracts/feature-spec';
import type { ModelCard } from '@timbre/shared/contracts/model-card';
import type { GraphBinding, GraphValue, LoadedGraph } from './thread-protocol.js';

export function bindingOf(card: ModelCard): GraphBinding {
  return { inputName: card.input.name, outputName: card.output.name, rowDims: windowShape(card.features) };
}

/** Everything in the card that contradicts itself, a sentence each. */
export function cardProblems(card: ModelCard): string[] {
  const { rowDims } = bindingOf(card);
  const [batch, ...rest] = card.input.dims;
  const problems: string[] = [];
  if (batch !== null) problems.push('the first of input.dims, the batch axis, must be null');
  if (rest.length !== rowDims.length || rest.some((dim, axis) => dim !== null && dim !== rowDims[axis]))
    problems.push(`input.dims are [${show(card.input.dims)}], the features give windows of [${show(rowDims)}]`);
  if (card.warmUp && card.warmUp.outputs.length !== card.labels.length)
    problems.push(`warmUp.outputs has ${card.warmUp.outputs.length} numbers for ${card.labels.length} labels`);
  return problems;
}

/** Everything in which graph and card disagree, a sentence each. */
export function graphProblems(card: ModelCard, graph: LoadedGraph): string[] {
  const { inputName, outputName, rowDims } = bindingOf(card);
  const names = graph.inputs.map(({ name }) => name);
  const output = graph.outputs.find(({ name }) => name === outputName);
  const problems: string[] = [];
  if (names.join() !== inputName)
    problems.push(`the graph takes "${names.join('", "')}", the card feeds "${inputName}"`);
  else problems.push(...graph.inputs.flatMap((input) => valueProblems(input, rowDims, 'input')));
  if (output) problems.push(...valueProblems(output, [card.labels.length], 'output'));
  else problems.push(`the graph has no output "${outputName}"`);
  return problems;
}

/** A named axis in the graph is free; the warm-up run shows whether it takes the size it gets. */
function valueProblems({ name, type, dims }: GraphValue, rowDims: number[], what: 'input' | 'output'): string[] {
  const problems: string[] = [];
  if (type !== 'float32') problems.push(`${what} "${name}" is ${type ?? 'no tensor'}, not float32`);
  if (dims.length === 0) return problems;
  const [batch, ...rest] = dims;
  if (typeof batch === 'number') problems.push(`the batch axis of ${what} "${name}" is fixed at ${batch}`);
  if (rest.length !== rowDims.length || rest.some((dim, axis) => typeof dim === 'number' && dim !== rowDims[axis]))
    problems.push(`${what} "${name}" has rows of [${show(rest)}], the card of [${show(rowDims)}]`);
  return problems;
}

const show = (dims: (number | string | null)[]) => dims.map((dim) => dim ?? 'free').join(', ');
