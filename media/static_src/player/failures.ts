// What an error of the stream means to a person, and what can still be mended. No DOM.

export interface Failure {
  /** `network`: nothing came. `refused`: the grant is no longer good. `media`: it cannot be decoded. */
  kind: 'network' | 'refused' | 'media' | 'unsupported';
  detail: string;
}

/** What of hls.js's error is looked at. */
export interface Trouble {
  type: string;
  details: string;
  fatal: boolean;
  response?: { code?: number } | undefined;
}

/** How often one broken picture is repaired before it is told. */
export const REPAIRS = 2;

const REFUSALS = [401, 403, 404, 410];

/** Return what to do: nothing, mend the picture, or tell the failure. */
export function verdict(trouble: Trouble, repairs: number): 'go on' | 'repair' | Failure {
  if (!trouble.fatal) return 'go on';
  if (trouble.type === 'mediaError' && repairs < REPAIRS) return 'repair';
  const network = trouble.type === 'networkError';
  const refused = network && REFUSALS.includes(trouble.response?.code ?? 0);
  return { kind: refused ? 'refused' : network ? 'network' : 'media', detail: trouble.details };
}

/** Return the failure of the browser's own player. It never says why: a source that is not there reads as
 * one that is not supported, and one that is refused as a broken picture. `status` is what the address answers
 * when it is asked, 0 where nothing comes. */
export function nativeFailure(error: { code: number; message?: string } | null, status = 0): Failure {
  const network = error?.code === 2 || error?.code === 4;
  const kind = REFUSALS.includes(status) ? 'refused' : network ? 'network' : 'media';
  return { kind, detail: error?.message ?? '' };
}

/** Return the status with which an address answers, 0 where nothing comes. */
export async function statusOf(address: string): Promise<number> {
  return (await fetch(address, { method: 'HEAD' }).catch(() => null))?.status ?? 0;
}
