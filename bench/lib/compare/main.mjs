import { comparisonText } from '../../reporters/comparison.mjs';
import { jsonText } from '../../reporters/index.mjs';
import { runCommand } from '../command-line.mjs';
import { installDependencies } from '../install.mjs';
import { buildCommit, describeWorkingTree, findCommit } from './commits.mjs';
import { readOptions, usageText } from './options.mjs';

/** @param {string[]} commandLine */
export function main(commandLine) {
  return runCommand(commandLine, usageText, read, run);
}

function read(commandLine) {
  const options = readOptions(commandLine);
  return options.help ? options : { ...options, base: findCommit(options.base) };
}

async function run({ base, ...options }) {
  installDependencies();
  // Not before: they need what was installed.
  const { compare } = await import('./comparison.mjs');
  const { statusOf } = await import('./decision.mjs');
  const dist = await buildCommit(base.commit);
  const comparison = {
    base: base.title,
    now: describeWorkingTree(),
    ...(await compare(options, dist)),
  };
  process.stdout.write(
    options.reporter === 'json' ? jsonText(comparison) : comparisonText(comparison),
  );
  return statusOf(comparison.rows);
}
