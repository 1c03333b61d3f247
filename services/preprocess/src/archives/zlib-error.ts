/** Whether an error is zlib's verdict on the bytes, and not one of the source or of memory. */
export function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_');
}
