// What this browser remembers of uploads, where it may remember anything.

/** Return what is remembered under a key. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Remember an address under a key. */
export function remember(key: string, address: string): void {
  try {
    localStorage.setItem(key, address);
  } catch {
    // It then goes on from the list, by its fingerprint.
  }
}

/** Forget it. */
export function forget(key: string): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // Nothing was remembered.
  }
}
