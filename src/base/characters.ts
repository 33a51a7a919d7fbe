/** What may stand in an HTTP/1.1 request head, and the words for what may not. */

/** A token, RFC 9110 section 5.6.2: names of header fields and of subprotocols. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Outside of field values, RFC 9110 section 5.5: controls other than tab, and more than a byte. */
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/** Would end the line or the string, and let one header become several. */
const LINE_ENDING = /[\r\n\0]/;

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** `a line feed (LF) at position 5` for a CR, LF or NUL in the text. */
export function lineEndingIn(text: string): string | undefined {
  const at = text.search(LINE_ENDING);
  return at < 0 ? undefined : characterAt(text, at);
}

/** The first character that may not stand in a header's value. */
export function notInValue(text: string): string | undefined {
  const at = text.search(NOT_IN_VALUE);
  return at < 0 ? undefined : characterAt(text, at);
}

const NAMES: Readonly<Record<string, string>> = {
  '\r': 'a carriage return (CR)',
  '\n': 'a line feed (LF)',
  '\0': 'a NUL',
};

function characterAt(text: string, at: number): string {
  const code = text.codePointAt(at) ?? 0;
  const name = NAMES[text.charAt(at)] ?? `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return `${name} at position ${at}`;
}
