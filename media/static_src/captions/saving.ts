// Sending what was edited, and what the server's answer means. No DOM.

import type { Cue } from './cues.ts';
import type { Fault } from './rules.ts';

export type Outcome =
  | { kind: 'saved'; revision: number; versions: string }
  | { kind: 'faulty'; faults: Fault[] }
  | { kind: 'moved'; revision: number; message: string }
  | { kind: 'offline' | 'signIn' | 'tooLarge' | 'refused' };

export type Row = [number, number, string, string];

export interface Sent {
  cues: Row[];
  revision: number;
  checked: boolean;
}

export function rows(cues: readonly Cue[]): Row[] {
  return cues.map(({ start, end, text, settings }) => [start, end, text, settings]);
}

export function fromRows(found: readonly Row[]): Cue[] {
  return found.map(([start, end, text, settings]) => ({ start, end, text, settings }));
}

/** Send the captions to the page's own address; never throws. */
export async function save(ask: typeof fetch, address: string, token: string, sent: Sent): Promise<Outcome> {
  let response: Response;
  try {
    response = await ask(address, {
      method: 'POST',
      body: JSON.stringify(sent),
      headers: { 'Content-Type': 'application/json', 'X-CSRFToken': token },
      credentials: 'same-origin',
      redirect: 'manual',
    });
  } catch {
    return { kind: 'offline' };
  }
  return meaning(response);
}

async function meaning(response: Response): Promise<Outcome> {
  const { status } = response;
  // Whoever is no longer signed in is sent to the sign-in page, or refused with a token of before.
  if (response.type === 'opaqueredirect' || status === 403 || status === 401) return { kind: 'signIn' };
  if (status === 413) return { kind: 'tooLarge' };
  if (status >= 500) return { kind: 'offline' };
  try {
    const said = (await response.json()) as Record<string, unknown>;
    if (status === 200) {
      return { kind: 'saved', revision: Number(said['revision']), versions: String(said['versions'] ?? '') };
    }
    if (status === 409) {
      return { kind: 'moved', revision: Number(said['revision']), message: String(said['message'] ?? '') };
    }
    if (status === 422) return { kind: 'faulty', faults: said['faults'] as Fault[] };
  } catch {
    // An answer that is none of ours: told as a refusal.
  }
  return { kind: 'refused' };
}
