/** The calls of `/v1/batches`: what they take and what they give. */
import type {
  BatchEvent,
  BatchFields,
  BatchView,
  ItemState,
  ItemView,
  ManifestEntry,
} from '@timbre/shared/contracts/batch';
import type { BatchDiffReport, ItemChange } from '@timbre/shared/contracts/batch-diff';
import type { RenderOptions, ResultFormat } from '@timbre/shared/contracts/batch-results';
import type { BatchSummary } from '@timbre/shared/contracts/batch-summary';
import type { CallOptions } from './transport.js';

/** What a batch is made of. A `body` is an archive or a manifest; anything else is named. */
export type BatchContent =
  | { body: Blob | string; contentType?: string }
  | { source: { uploadId: string } | { uris: string[] } | { clips: ManifestEntry[] } | { prefix: string } };

export type BatchOptions = { [Field in keyof BatchFields]?: BatchFields[Field] | undefined };
export type RescoreOptions = Omit<BatchOptions, 'format' | 'preflight' | 'reuse'>;
export type ResultOptions = { [Option in keyof RenderOptions]?: RenderOptions[Option] | undefined } & {
  format?: ResultFormat | undefined;
};

export interface SubmittedBatch {
  batch: BatchView;
  /** The idempotency key had made this batch before. */
  replayed: boolean;
}

export interface Page {
  limit?: number | undefined;
  cursor?: string | undefined;
}
export interface BatchPage {
  batches: BatchView[];
  nextCursor: string | null;
}
export interface ItemFilter {
  state?: ItemState | undefined;
  /** A label of the model, `unknown` or `mute`. */
  label?: string | undefined;
  /** Error code. */
  code?: string | undefined;
}
export interface ItemPage {
  items: ItemView[];
  nextCursor: string | null;
}

export interface BatchResults {
  /** False while the batch runs: more will come. */
  complete: boolean;
  contentType: string;
  body: ReadableStream<Uint8Array>;
}

export interface DiffOptions {
  minConfidenceChange?: number | undefined;
  limit?: number | undefined;
}
export interface BatchDiff extends BatchDiffReport {
  before: string;
  after: string;
  items: ItemChange[];
}

/** A state of a batch. `revision` is absent where it was polled because no stream came through. */
export type FollowedBatch = Pick<BatchEvent, 'batch'> & Partial<Pick<BatchEvent, 'revision'>>;

export interface BatchCalls {
  /** Accepted exactly once for each idempotency key, however often the connection breaks. */
  submit(
    content: BatchContent,
    options?: BatchOptions,
    call?: CallOptions & { idempotencyKey?: string },
  ): Promise<SubmittedBatch>;
  get(id: string, options?: CallOptions & { waitSeconds?: number }): Promise<BatchView>;
  /** The batch once it has ended. */
  wait(id: string, options?: CallOptions): Promise<BatchView>;
  list(page?: Page, options?: CallOptions): Promise<BatchPage>;
  items(id: string, filter?: ItemFilter & Page, options?: CallOptions): Promise<ItemPage>;
  /** All items that fit the filter, page by page. */
  allItems(id: string, filter?: ItemFilter, options?: CallOptions): AsyncGenerator<ItemView, void>;
  results(id: string, options?: ResultOptions, call?: CallOptions): Promise<BatchResults>;
  summary(id: string, options?: CallOptions): Promise<BatchSummary>;
  /** What batch `id` says differently from batch `against`, over the same clips. */
  diff(id: string, against: string, options?: DiffOptions & CallOptions): Promise<BatchDiff>;
  /** Each state until the end; goes on after broken connections. */
  events(id: string, options?: CallOptions & { afterRevision?: number }): AsyncGenerator<FollowedBatch, void>;
  pause(id: string, options?: CallOptions): Promise<BatchView>;
  resume(id: string, options?: CallOptions): Promise<BatchView>;
  cancel(id: string, options?: CallOptions): Promise<BatchView>;
  retryFailed(id: string, options?: CallOptions): Promise<BatchView>;
  /** A new batch over the same clips. */
  rescore(id: string, options?: RescoreOptions, call?: CallOptions): Promise<BatchView>;
  /** A new batch that runs the clips of a preflight. */
  start(id: string, options?: RescoreOptions, call?: CallOptions): Promise<BatchView>;
  delete(id: string, options?: CallOptions): Promise<void>;
  deleteAudio(id: string, options?: CallOptions): Promise<void>;
}
