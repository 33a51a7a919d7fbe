/** As the process began with it, or nearly: programs may change it, and Node has read it by then. */
const fromEnvironment = process.env.NODE_OPTIONS ?? '';

/**
 * Whether this process was started with `--use-openssl-ca`, on the command line or in NODE_OPTIONS.
 * As `node` reads them, underscores are dashes, only `--use-bundled-ca` behind it takes it back, and
 * `--no-use-openssl-ca` changes nothing of whom `node:tls` trusts.
 *
 * In a worker thread with `execArgv` of its own, only NODE_OPTIONS tells.
 */
export function usesOpenSslAuthorities(): boolean {
  let on = false;
  for (const word of [...fromEnvironment.split(/\s+/), ...process.execArgv]) {
    const flag = word.replace(/^"(.*)"$/, '$1').replaceAll('_', '-');
    if (flag === '--use-openssl-ca') on = true;
    else if (flag === '--use-bundled-ca') on = false;
  }
  return on;
}
