/** What `timbre_training.codec_agreement` found: how often a clip keeps its decision through lossy formats. Pure. */
import { z } from 'zod';
import { shareOf } from '@timbre/shared/results/share';
import { markdownTable } from '../evaluate/report/markdown-table.js';
import { withInterval } from './set-tables.js';

const formatSchema = z.looseObject({ kept: z.int(), clips: z.int(), changed: z.array(z.string()) });
export const codecAgreementSchema = z.looseObject({
  model: z.string(),
  split: z.string(),
  kept: z.int(),
  of: z.int(),
  formats: z.record(z.string(), formatSchema),
});
export type CodecAgreement = z.infer<typeof codecAgreementSchema>;

const NAMES: Record<string, string> = {
  wav: 'WAV, 16 bit',
  mp3: 'MP3, 128 kbit/s',
  opus: 'Opus, 48 kbit/s',
  m4a: 'AAC in MP4, 128 kbit/s',
};

export function codecSection(found: CodecAgreement | undefined): string[] {
  if (!found) return [];
  const rows = Object.entries(found.formats).map(([format, row]) => ({ name: NAMES[format] ?? format, ...row }));
  return [
    '## Through lossy formats',
    '',
    `The real clips of split ${found.split}, encoded by ffmpeg, decided by \`${found.model}\` as their source files are ` +
      '(`python3 -m timbre_training.codec_agreement` in `training/`):',
    '',
    ...markdownTable(
      [
        { title: 'format', cell: ({ name }) => name },
        { title: 'clips', align: 'right', cell: ({ clips }) => String(clips) },
        { title: 'same decision', align: 'right', cell: ({ kept, clips }) => withInterval(shareOf(kept, clips)) },
        { title: 'changed', cell: ({ changed }) => changed.join('; ') || '–' },
      ],
      [...rows, { name: '**all**', kept: found.kept, clips: found.of, changed: [] }],
    ),
    '',
  ];
}
