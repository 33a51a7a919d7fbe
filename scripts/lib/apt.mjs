// What apt's own mirrors have, source packages and other architectures included, with lists that
// are ours alone: the machine's stay as they are.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { answer, run } from './commands.mjs';

/**
 * @typedef {object} Wish
 * @property {string} folder to work in and to put the files into
 * @property {string[]} command of apt-get, for example `['download', 'liburing-dev:arm64']`
 * @property {string} [architecture] Debian's name of another one than the machine's
 * @property {(text: string) => void} [onOutput]
 */

/**
 * @param {Wish} wish
 * @returns {Promise<string | undefined>} why not
 */
export async function aptGet({ folder, command, architecture, onOutput }) {
  if (answer('apt-get', ['--version']) === undefined) return 'there is no apt-get';
  for (const path of ['lists/partial', 'cache/archives/partial', 'sources.d']) {
    mkdirSync(`${folder}/apt/${path}`, { recursive: true });
  }
  const kind = command[0] === 'source' ? 'deb-src' : 'deb';
  for (const name of sourceLists()) {
    const text = readFileSync(name, 'utf8')
      .replace(/^(Types:).*$/gm, `$1 ${kind}`)
      .replace(/^deb(-src)?(?=\s)/gm, kind);
    writeFileSync(`${folder}/apt/sources.d/${name.split('/').pop()}`, text);
  }
  writeFileSync(
    `${folder}/apt/conf`,
    [
      'Dir::Etc::sourcelist "-";',
      `Dir::Etc::sourceparts "${folder}/apt/sources.d";`,
      `Dir::State::lists "${folder}/apt/lists";`,
      `Dir::Cache "${folder}/apt/cache";`,
      'APT::Sandbox::User "root";',
      ...(architecture ? [`APT::Architectures { "${architecture}"; };`] : []),
    ].join('\n'),
  );
  const options = {
    cwd: folder,
    env: { ...process.env, APT_CONFIG: `${folder}/apt/conf` },
    ...(onOutput && { onOutput }),
  };
  await run('apt-get', ['update'], options);
  const { status } = await run('apt-get', command, options);
  return status === 0 ? undefined : `apt-get ${command.join(' ')} failed`;
}

function sourceLists() {
  const parts = '/etc/apt/sources.list.d';
  const names = existsSync(parts) ? readdirSync(parts) : [];
  return [
    '/etc/apt/sources.list',
    ...names.filter((name) => /\.(list|sources)$/.test(name)).map((name) => `${parts}/${name}`),
  ].filter((name) => existsSync(name));
}
