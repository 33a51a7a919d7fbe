import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

/** Colours for one stream, or the plain text where nobody would see them. */
export interface Style {
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warning: (text: string) => string;
}

export const PLAIN: Style = styles((_format, text) => text);
const COLOURED: Style = styles(styleText);

/** Node knows NO_COLOR, FORCE_COLOR and terminals without colours. */
export function styleFor(stream: NodeJS.WriteStream): Style {
  return stream.isTTY && stream.hasColors() ? COLOURED : PLAIN;
}

/** Columns that a text may take: a terminal's own up to what reads well, else 80. */
export function widthOf(stream: NodeJS.WriteStream): number {
  return stream.isTTY && stream.columns > 0 ? Math.min(stream.columns, 100) : 80;
}

function styles(apply: (format: Format, text: string) => string): Style {
  return {
    strong: (text) => (text === '' ? '' : apply('bold', text)),
    faint: (text) => apply('dim', text),
    good: (text) => apply('green', text),
    bad: (text) => apply('red', text),
    warning: (text) => apply('yellow', text),
  };
}
