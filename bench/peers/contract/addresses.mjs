/**
 * The server's addresses, and who connects to which. A client has some 28,000 local ports towards
 * each, which the kernel searches longer and longer for a free one: many connections to a single
 * address would measure that search.
 */

/**
 * One after the other, so that each address has as many.
 *
 * @param {string[]} urls
 * @param {number} index  of the connection, from 0 up
 */
export function urlFor(urls, index) {
  return urls[index % urls.length];
}

/**
 * The same for clients that are told how many connections to open.
 *
 * @param {string[]} urls
 * @param {number} count  of connections
 * @returns {[string, number][]}  without addresses that none is left for
 */
export function sharesOf(urls, count) {
  return urls
    .map((url, index) => [url, Math.ceil((count - index) / urls.length)])
    .filter(([, share]) => share > 0);
}
