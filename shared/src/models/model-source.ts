/**
 * Where model folders lie. A source only finds and reads files; what they mean is the catalog's business.
 */

/** One folder with a `model.json`, a `model.onnx`, or both. */
export interface ModelFolder {
  id: string;
  /** Changes whenever one of the files is replaced; costs no reading. */
  revision: string;
  hasCard: boolean;
  hasOnnx: boolean;
}

export interface ModelSource {
  /** Folders in name order. Throws when the place itself cannot be listed. */
  list(): Promise<ModelFolder[]>;
  readCard(id: string): Promise<Buffer>;
  readOnnx(id: string): Promise<Buffer>;
  /** Lower-case hex SHA-256 of `model.onnx`, streamed. */
  hashOnnx(id: string): Promise<string>;
  /** For people: a path or `store:<prefix>/<id>`. */
  location(id: string): string;
}

export const cardFile = 'model.json';
export const onnxFile = 'model.onnx';

/** More than any honest card needs: a confusion matrix of 1000 labels is about 4 MB. */
export const maxCardBytes = 16 * 1024 * 1024;
