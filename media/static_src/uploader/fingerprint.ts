// Telling the same file again, on this computer or another one: by all of its bytes where that is quick,
// by its size and pieces from end to end where it is large. No DOM.

/** A file up to this is hashed whole: if it is already here, nothing has to be sent. */
export const HASHED = 128 * 1024 * 1024;
/** Of a larger one so many pieces of this size are hashed, the first and the last among them. */
const PIECES = 16;
const PIECE = 1024 * 1024;
const SAMPLE = 'sample1-';

/** What of a File is needed. */
export interface Bytes {
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** What is told to the server: the digest of all bytes, or a sample; nothing where the browser cannot hash. */
export type Told = { sha256?: string; sample?: string };

/** Return what tells the file: nothing where hashing is not allowed (a page without TLS) or reading fails. */
export async function told(file: Bytes): Promise<Told> {
  try {
    return file.size <= HASHED ? { sha256: await digestOf(file) } : { sample: await sampleOf(file) };
  } catch {
    return {};
  }
}

/** Whether a file is the one whose size and fingerprint are known; only the size counts where that is all. */
export async function isSame(file: Bytes, size: number, known: string): Promise<boolean> {
  if (file.size !== size) return false;
  if (!known) return true;
  try {
    return known === (known.startsWith(SAMPLE) ? await sampleOf(file) : await digestOf(file));
  } catch {
    return true;
  }
}

/** Return the SHA-256 of the whole, in hex. */
export async function digestOf(file: Bytes): Promise<string> {
  return hex(await crypto.subtle.digest('SHA-256', await file.slice(0, file.size).arrayBuffer()));
}

/** Return a fingerprint from the size and pieces spread evenly from the first byte to the last. */
export async function sampleOf(file: Bytes): Promise<string> {
  const digests: string[] = [String(file.size)];
  for (const start of places(file.size)) {
    const piece = await file.slice(start, Math.min(start + PIECE, file.size)).arrayBuffer();
    digests.push(hex(await crypto.subtle.digest('SHA-256', piece)));
  }
  return SAMPLE + hex(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(digests.join('\n'))));
}

/** Return where the pieces of a sample begin. */
export function places(size: number): number[] {
  const last = Math.max(0, size - PIECE);
  const found = Array.from({ length: PIECES }, (_, index) => Math.floor((last * index) / (PIECES - 1)));
  return [...new Set(found)];
}

function hex(found: ArrayBuffer): string {
  return [...new Uint8Array(found)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
