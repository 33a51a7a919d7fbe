// What the addon is built for: this machine, or another one by a cross compiler of Debian's.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { aptGet } from './apt.mjs';
import { run } from './commands.mjs';
import { fromRoot, isCurrent, writeStamp } from './files.mjs';

/** @typedef {keyof typeof architectures} Architecture as `process.arch` names it */

export const architectures = {
  x64: { debian: 'amd64', triplet: 'x86_64-linux-gnu' },
  arm64: { debian: 'arm64', triplet: 'aarch64-linux-gnu' },
};

/**
 * @param {string} name
 * @returns {name is Architecture}
 */
export function isArchitecture(name) {
  return Object.hasOwn(architectures, name);
}

/** @param {string} architecture */
export function isForeign(architecture) {
  return architecture !== process.arch;
}

/**
 * The tools for an architecture: `CC` and `CXX` where they are not the machine's own.
 *
 * @param {string} architecture
 * @returns {{ CC: string, CXX: string } | undefined}
 */
export function crossCompilers(architecture) {
  if (!isForeign(architecture) || !isArchitecture(architecture)) return;
  const { triplet } = architectures[architecture];
  return { CC: `${triplet}-gcc`, CXX: `${triplet}-g++` };
}

/** What libwebsockets and the addon are compiled and linked with, as Debian's packages have it. */
const contents = ['libssl-dev', 'libssl3', 'liburing-dev'];

/** @param {Architecture} architecture */
export function sysrootOf(architecture) {
  const { triplet } = architectures[architecture];
  const root = fromRoot(`build/sysroot/${architecture}`);
  return { root, includeDir: `${root}/usr/include`, libDir: `${root}/usr/lib/${triplet}` };
}

/**
 * Headers and libraries of another architecture, in build/sysroot.
 *
 * @param {Architecture} architecture
 * @param {{ onOutput?: (text: string) => void }} [options]
 * @returns {Promise<string | undefined>} why they are not there; undefined: they are
 */
export async function fetchSysroot(architecture, { onOutput } = {}) {
  const { root, includeDir } = sysrootOf(architecture);
  const stamp = `build/sysroot/${architecture}.stamp`;
  const current = contents.join(' ');
  if (isCurrent(`build/sysroot/${architecture}`, stamp, current)) return;

  const { debian } = architectures[architecture];
  const work = `${root}/work`;
  rmSync(root, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const output = onOutput ? { onOutput } : {};
  const command = ['download', ...contents.map((name) => `${name}:${debian}`)];
  const reason = await aptGet({ folder: work, command, architecture: debian, ...output });
  if (reason) return reason;
  for (const name of readdirSync(work).filter((file) => file.endsWith('.deb'))) {
    const { status } = await run('dpkg-deb', ['-x', `${work}/${name}`, root], output);
    if (status !== 0) return `${name} could not be unpacked into ${includeDir}`;
  }
  rmSync(work, { recursive: true });
  writeStamp(stamp, current);
  return;
}
