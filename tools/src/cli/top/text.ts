/** Kinds of text; what they look like is the terminal's matter. */
export type Look = 'plain' | 'strong' | 'faint' | 'good' | 'warning' | 'bad' | 'bar' | 'selected';

/** A piece of a line. */
export interface Span {
  readonly text: string;
  readonly look: Look;
}

export type Line = readonly Span[];

export function span(text: string, look: Look = 'plain'): Span {
  return { text, look };
}

export function textOf(line: Line): string {
  return line
    .map(({ text }) => text)
    .join('')
    .trimEnd();
}

/** Not longer than the width: what is over goes. */
export function cut(line: Line, width: number): Line {
  const spans: Span[] = [];
  let left = width;
  for (const { text, look } of line) {
    if (left <= 0) break;
    spans.push(span(text.slice(0, left), look));
    left -= text.length;
  }
  return spans;
}

/** As long as the width, the end of the line at its end if there is one. */
export function spread(line: Line, width: number, end: Line = []): Line {
  const length = (of: Line) => of.reduce((sum, { text }) => sum + text.length, 0);
  const start = cut(line, width - (length(end) === 0 ? 0 : length(end) + 1));
  const gap = Math.max(0, width - length(start) - length(end));
  return cut([...start, span(' '.repeat(gap)), ...end], width);
}

/**
 * Text from elsewhere, made fit for a terminal: one column for each character, and nothing that
 * could move the cursor, hide other text or turn it around.
 */
export function readable(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, '?');
}

/** In so many columns; what is too long ends with "~". */
export function sized(text: string, width: number): string {
  return text.length <= width ? text.padEnd(width) : `${text.slice(0, width - 1)}~`;
}
