/** Remembers uploads that were begun, so that a reloaded page goes on where it broke instead of beginning again. */

export interface RememberedUpload {
  options: { uploadId?: string; onCreated: (uploadId: string) => void };
  forget: () => void;
}

export function rememberedUpload(file: File): RememberedUpload {
  const key = `timbre.upload.${file.name}.${file.size}.${file.lastModified}`;
  const uploadId = localStorage.getItem(key);
  return {
    options: {
      ...(uploadId === null ? {} : { uploadId }),
      onCreated: (created) => localStorage.setItem(key, created),
    },
    forget: () => localStorage.removeItem(key),
  };
}
