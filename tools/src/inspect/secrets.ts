import type { HeaderLine, WebSocketReport } from './report.js';

/** Whatever an inspection shows may end in a ticket or a chat: what may be a secret is hidden. */

const CREDENTIALS =
  /auth(?!ority|enticate)|cookie|token|secret|pass(w|phrase)|keys?$|credential|csrf|session|signature|jwt|bearer/i;
const PARAMETERS = /^(key|sig|code|pwd|pass|sid)$/i;
const PARAMETER = /([?&;])([^=&;#\s]+)=([^&;#\s]*)/g;
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
    .replace(PARAMETER, (whole, before: string, name: string) =>
      isSecret(name) ? `${before}${name}=***` : whole,
    )
    .replace(/\/\/[^/?#@]*@/, '//***@');
}

/** Shorter ones are found in any text. */
const SHORTEST = 4;

/** A text of the server without the secrets of the request that it answers, which it may repeat. */
export function withoutSecrets(text: string, request: WebSocketReport['request']): string {
  const { line, headers } = request;
  const secrets = [...line.matchAll(PARAMETER)]
    .filter(([, , name = '']) => isSecret(name))
    .flatMap(([, , , value = '']) => [value, decoded(value)]);
  for (const [name, value] of headers) {
    const parts = safeHeader([name, value])[1] === value ? [] : value.split(/[\s,;]+/);
    secrets.push(...parts);
  }
  return secrets
    .filter(({ length }) => length >= SHORTEST)
    .sort((a, b) => b.length - a.length)
    .reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}

/** Also where its name is percent-encoded. */
function isSecret(name: string): boolean {
  const plain = decoded(name);
  return CREDENTIALS.test(plain) || PARAMETERS.test(plain);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
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
