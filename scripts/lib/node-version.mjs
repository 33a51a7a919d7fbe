// Which Node.js this project runs on: one comparison, no dependency.

/**
 * The sentence for a Node.js that is too old, or undefined for one that will do.
 *
 * @param {string} running what runs, `process.versions.node`
 * @param {string} required package.json's `engines.node`, of the form ">=20.19"
 */
export function nodeVersionProblem(running, required) {
  const [major = 0, minor = 0] = numbers(running);
  const [neededMajor = 0, neededMinor = 0] = numbers(required);
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) return undefined;
  return (
    `lws-pool needs Node.js ${neededMajor}.${neededMinor} or newer and this is ${running}: ` +
    'install a newer one from https://nodejs.org or with your version manager.'
  );
}

/** @param {string} version */
function numbers(version) {
  return (version.match(/\d+/g) || []).map(Number);
}
