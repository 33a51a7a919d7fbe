import { createError } from '../errors/errors.js';

/**
 * Makes sure that the addon fits what it takes of the process: functions of OpenSSL and libuv, and
 * Node-API. It was compiled with the headers of the oldest Node.js that is supported, and newer
 * libraries of the same major version have all that those name.
 *
 * @throws LwsPoolError ERR_ADDON
 */
export function checkProcess(versions: Readonly<NodeJS.ProcessVersions> = process.versions): void {
  const problem = problemOf(versions);
  if (problem === undefined) return;
  throw createError('ERR_ADDON', {
    reason: `this process has ${problem}`,
    hint: 'Run it with Node.js 20.19 or newer, and one that has OpenSSL 3.',
  });
}

function problemOf(versions: Readonly<NodeJS.ProcessVersions>): string | undefined {
  const { openssl = 'none', uv = 'none', napi = 'none' } = versions;
  if (numbers(openssl)[0] !== 3) return `OpenSSL ${openssl}, and the addon needs OpenSSL 3`;
  const [major = 0, minor = 0] = numbers(uv);
  if (major !== 1 || minor < 46) return `libuv ${uv}, and the addon needs 1.46 or a newer 1.x`;
  if (!(Number(napi) >= 9)) return `Node-API ${napi}, and the addon needs 9`;
  return undefined;
}

function numbers(version: string): number[] {
  return (version.match(/\d+/g) ?? []).map(Number);
}
