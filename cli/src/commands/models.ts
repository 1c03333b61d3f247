/** `timbre models`: what a running system can classify with. */
import { Command } from 'commander';
import type { ServedModel } from '@timbre/client';
import { renderTable } from '../demo/text-table.js';
import type { Invocation } from '../invocation.js';
import { addRemoteOptions, exitCodes, REMOTE_HELP, runRemote, type RemoteFlags } from '../remote/session.js';
import { formatShare } from '../terminal/quantities.js';

export function createModelsCommand(invocation: Invocation): Command {
  return addRemoteOptions(new Command('models').description('list the models, or show one').argument('[id]', 'a model'))
    .addHelpText('after', REMOTE_HELP)
    .action((id: string | undefined, flags: RemoteFlags) =>
      runRemote(invocation, flags, async ({ client, signal, json, print, printJson }) => {
        if (id === undefined) {
          const models = await client.models.list({ signal });
          if (json) printJson(models);
          else renderTable(columns, models).forEach(print);
        } else {
          const model = await client.models.get(id, { signal });
          if (json) printJson(model);
          else describeModel(model).forEach(print);
        }
        return exitCodes.fine;
      }),
    );
}

const columns = [
  { title: 'model', cell: ({ id, isDefault }: ServedModel) => (isDefault ? `${id} (default)` : id) },
  { title: 'version', cell: ({ version }: ServedModel) => version },
  { title: 'labels', cell: ({ labels }: ServedModel) => labels.join(', '), maxWidth: 48 },
  {
    title: 'accuracy',
    align: 'right' as const,
    cell: ({ metrics: [first] }: ServedModel) => (first ? formatShare(first.accuracy) : ''),
  },
  { title: 'measured on', cell: ({ metrics: [first] }: ServedModel) => first?.set ?? '', maxWidth: 40 },
];

function describeModel(model: ServedModel): string[] {
  const rows: [string, string][] = [
    ['model', `${model.id} ${model.version}${model.isDefault ? ' (default)' : ''}`],
    ['title', model.title],
    ['labels', model.labels.join(', ')],
    ['unknown', `below ${model.thresholds.unknown}`],
    ['mute', `below ${model.silenceGate.rmsDbfs} dBFS`],
    ['digest', model.modelDigest],
    ['features', model.featureDigest],
    ['licence', model.licence],
    ...model.metrics.map(({ set, clips, accuracy }): [string, string] => [
      'measured',
      `${formatShare(accuracy)} of ${clips} clips of ${set}`,
    ]),
  ];
  return rows.map(([name, value]) => `${name.padEnd(11)} ${value}`);
}
