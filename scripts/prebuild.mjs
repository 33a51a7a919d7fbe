// Makes the binaries that the package carries, prebuilds/<system>/lws_pool.node, one for each
// architecture: those of other machines by a cross compiler. Each is checked to need nothing but
// `node` and a C library that is old enough.
//
//   node scripts/prebuild.mjs              all of them
//   node scripts/prebuild.mjs x64          these
import { copyFileSync, mkdirSync } from 'node:fs';
import { addonIsCurrent, addonProduct, buildAddon } from './addon.mjs';
import { findLibraries } from './configure.mjs';
import { architectures, fetchSysroot, isArchitecture, isForeign } from './lib/architectures.mjs';
import { run } from './lib/commands.mjs';
import { fromRoot } from './lib/files.mjs';
import { portabilityProblems } from './lib/portability.mjs';
import { buildLibwebsockets, libwebsocketsIsSettled } from './libwebsockets.mjs';

/** @typedef {import('./lib/architectures.mjs').Architecture} Architecture */

const onOutput = (/** @type {string} */ text) => process.stderr.write(text);

/**
 * @param {Architecture} architecture
 * @returns {Promise<string[]>} what is wrong
 */
async function make(architecture) {
  if (isForeign(architecture)) {
    const reason = await fetchSysroot(architecture, { onOutput });
    if (reason) return [reason];
  }
  if (!libwebsocketsIsSettled(architecture)) await buildLibwebsockets(architecture, { onOutput });
  if (!findLibraries(architecture).library?.own) {
    return ['there is no libwebsockets to link statically: see scripts/libwebsockets.mjs'];
  }
  if (!addonIsCurrent({ architecture })) {
    const { status } = await buildAddon({ architecture, onOutput });
    if (status !== 0) return ['the addon could not be built; see above'];
  }

  const file = fromRoot(`prebuilds/linux-${architecture}/lws_pool.node`);
  mkdirSync(fromRoot(`prebuilds/linux-${architecture}`), { recursive: true });
  copyFileSync(fromRoot(addonProduct(architecture)), file);
  const { triplet } = architectures[architecture];
  const { status, output } = await run(`${triplet}-strip`, ['--strip-unneeded', file]);
  return status === 0 ? portabilityProblems(file, triplet) : [output.trim()];
}

const names = process.argv.slice(2);
let failed = false;
for (const architecture of names.length > 0 ? names : Object.keys(architectures)) {
  const problems = isArchitecture(architecture)
    ? await make(architecture)
    : [`there is no such architecture; there are ${Object.keys(architectures).join(', ')}`];
  for (const problem of problems) console.error(`prebuild ${architecture}: ${problem}`);
  if (problems.length > 0) failed = true;
  else console.error(`prebuild: prebuilds/linux-${architecture}/lws_pool.node`);
}
process.exitCode = failed ? 1 : 0;
