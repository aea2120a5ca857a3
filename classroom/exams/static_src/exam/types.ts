/** One question as the page knows it; `revision` is the last that the server acknowledged or that waits. */
export interface Question {
  number: number;
  version: number;
  choice: string[];
  is_flagged: boolean;
  revision: number;
}

/** An answer on its way to the server. */
export interface Answer {
  version: number;
  choice: string[];
  is_flagged: boolean;
  revision: number;
}

/** An acknowledged answer, with the server's clock. */
export interface Saved extends Answer {
  saved_at: string;
  server_time: string;
  deadline_at: string;
}

export interface ExamData {
  attempt: number;
  answers_url: string;
  state_url: string;
  result_url: string;
  now_ms: number;
  start_ms: number;
  deadline_ms: number;
  questions: Question[];
}

export type Strings = Record<string, string>;

/** Fill `{name}` in a string of the catalogue. */
export function fill(text: string | undefined, values: Record<string, string | number>): string {
  return (text ?? '').replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
