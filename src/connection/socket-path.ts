/** Longest path in `struct sockaddr_un`, without its terminating NUL (unix(7)). */
export const LONGEST_PATH = process.platform === 'darwin' ? 103 : 107;

/** A Unix socket and the request to make on it, or what is wrong with the URL. */
export type SocketPath =
  | { readonly path: string; readonly request: string }
  | { readonly wrong: string; readonly hint: string };

/**
 * Takes `ws+unix:/path:/request?query` and `unix:/path` apart.
 *
 * @param kind only for `ws` does a `:` part the path of the socket from the request
 */
export function socketPath(url: URL, kind: 'ws' | 'raw'): SocketPath {
  const form =
    kind === 'ws' ? 'It takes the form ws+unix:/path:/request.' : 'It takes the form unix:/path.';
  const wrong = (reason: string) => ({ wrong: reason, hint: form });
  if (url.host !== '') return wrong(`"${url.host}" stands where a host would, not in the path`);
  const colon = kind === 'ws' ? url.pathname.indexOf(':') : -1;
  const encoded = colon < 0 ? url.pathname : url.pathname.slice(0, colon);
  const request = colon < 0 ? '/' : url.pathname.slice(colon + 1) + url.search;
  if (!encoded.startsWith('/')) return wrong('the path of the socket is not absolute');
  if (encoded === '/') return wrong('it names no socket');
  if (!request.startsWith('/')) return wrong('the request does not begin with "/"');
  if (colon < 0 && url.search !== '') {
    return wrong('the query stands behind the socket and not behind a request');
  }
  const path = decoded(encoded);
  if (path === undefined) return wrong('the path of the socket is not UTF-8 in percent-encoding');
  if (/\p{Cc}/u.test(path)) return wrong('the path of the socket holds a control character');
  const size = Buffer.byteLength(path);
  if (size > LONGEST_PATH) {
    return wrong(
      `the path of the socket has ${size} bytes, the system takes at most ${LONGEST_PATH}`,
    );
  }
  return { path, request };
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
