import type { HeaderLine } from './report.js';

/** Whatever an inspection shows may end in a ticket or a chat: what may be a secret is hidden. */

const CREDENTIALS =
  /auth(?!ority|enticate)|cookie|token|secret|pass(w|phrase)|keys?$|credential|csrf|session|signature|jwt|bearer/i;
const PARAMETERS = /^(key|sig|code|pwd|pass|sid)$/i;
/** Names of protocols are shorter; tokens that are passed off as one are not. */
const LONGEST_PROTOCOL = 40;

export function safeHeader([name, value]: HeaderLine): HeaderLine {
  const lower = name.toLowerCase();
  if (lower === 'sec-websocket-protocol') return [name, safeProtocols(value)];
  if (lower === 'location' || lower === 'referer') return [name, safeUrl(value)];
  if (lower.startsWith('sec-websocket-') || !CREDENTIALS.test(name)) return [name, value];
  return [name, hidden(value)];
}

/** Parameters of the query whose names speak of secrets lose their values. */
export function safeUrl(url: string): string {
  return url
    .replace(/([?&;])([^=&;#\s]+)=([^&;#\s]*)/g, (whole, before: string, name: string) =>
      isSecret(name) ? `${before}${name}=***` : whole,
    )
    .replace(/\/\/[^/?#@]*@/, '//***@');
}

/** Also where its name is percent-encoded. */
function isSecret(name: string): boolean {
  let plain = name;
  try {
    plain = decodeURIComponent(name);
  } catch {
    // It is none, and stays as it is.
  }
  return CREDENTIALS.test(plain) || PARAMETERS.test(plain);
}

export function safeProtocols(list: string): string {
  return list
    .split(/, */)
    .map((name) => (name.length > LONGEST_PROTOCOL ? hidden(name) : name))
    .join(', ');
}

function hidden(value: string): string {
  return `(hidden: ${value.length} characters)`;
}
