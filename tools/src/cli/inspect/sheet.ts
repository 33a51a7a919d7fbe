import { escaped } from '../../phrases.js';
import { fold } from '../layout.js';
import type { Style } from '../style.js';

const INDENT = '  ';
const LABEL = 15;

/** A page of labelled lines that is written from top to bottom; whatever comes in is escaped. */
export class Sheet {
  readonly style: Style;
  readonly #width: number;
  readonly #lines: string[] = [];

  constructor(style: Style, width: number) {
    this.style = style;
    this.#width = width;
  }

  /** Columns beside the labels. */
  get room(): number {
    return this.#width - INDENT.length - LABEL;
  }

  /** Begins a section: a blank line, never two. */
  section(): void {
    if (this.#lines.length > 0 && this.#lines.at(-1) !== '') this.#lines.push('');
  }

  /** Text over the whole width. */
  text(text: string, paint = plain, indent = INDENT): void {
    for (const line of fold(escaped(text), this.#width - indent.length)) {
      this.#lines.push(indent + paint(line));
    }
  }

  /** A label and its text, in as many lines as that takes. */
  row(label: string, text: string, paint = plain): void {
    for (const [at, line] of fold(escaped(text), this.room).entries()) {
      this.#push(at === 0 ? label : '', paint(line));
    }
  }

  /** A label and several facts, none of which is broken where it need not be. */
  list(label: string, facts: readonly string[]): void {
    const lines: string[] = [];
    for (const fact of facts) {
      const line = lines.at(-1);
      const joined = `${line}, ${fact}`;
      if (line !== undefined && joined.length < this.room) lines[lines.length - 1] = joined;
      else lines.push(fact);
    }
    this.rows(
      label,
      lines.map((line, at) => (at < lines.length - 1 ? `${line},` : line)),
    );
  }

  /** A label and lines of their own, each folded by itself. */
  rows(label: string, lines: readonly string[], paint = plain): void {
    for (const [at, line] of lines.entries()) this.row(at === 0 ? label : '', line, paint);
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  #push(label: string, text: string): void {
    const gap = ' '.repeat(LABEL - label.length);
    this.#lines.push(`${INDENT}${this.style.strong(label)}${gap}${text}`.trimEnd());
  }
}

export function plain(text: string): string {
  return text;
}
