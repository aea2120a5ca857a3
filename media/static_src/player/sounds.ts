// The sounds of a lecture as a viewer chooses among them. No DOM.

/** What a playlist tells of a sound: its name, and the language that is spoken. */
export interface Track {
  name: string;
  lang?: string | undefined;
}

export interface Sound {
  /** Index among the sounds of the stream. */
  index: number;
  label: string;
}

/** Sounds as a menu names them, in the reader's language; those that would read the same are numbered. */
export function named(tracks: Track[], reader: string): Sound[] {
  const labels = tracks.map((track) => label(track, reader));
  return labels.map((text, index) => {
    const same = labels.filter((other) => other === text).length > 1;
    return { index, label: same ? `${text} ${labels.slice(0, index + 1).filter((other) => other === text).length}` : text };
  });
}

/** The title that the file gave, else the language; the number is the playlist's, which needs each name once. */
function label({ name, lang }: Track, reader: string): string {
  const title = name.replace(/ \(\d+\)$/, '');
  return lang && (title === '' || title === lang) ? language(lang, reader) : title;
}

function language(tag: string, reader: string): string {
  try {
    return new Intl.DisplayNames([reader], { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}
