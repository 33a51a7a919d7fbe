import { comparisonText } from '../../reporters/comparison.mjs';
import { jsonText } from '../../reporters/index.mjs';
import { installDependencies } from '../install.mjs';
import { buildCommit, describeWorkingTree, findCommit } from './commits.mjs';
import { readOptions, usageText } from './options.mjs';

/**
 * @param {string[]} commandLine
 * @returns {Promise<number>}  exit status
 */
export async function main(commandLine) {
  let options;
  let base;
  try {
    options = readOptions(commandLine);
    if (options.help) {
      console.log(usageText);
      return 0;
    }
    base = findCommit(options.base);
  } catch (error) {
    console.error(`${error.message}\n\n${usageText}`);
    return 2;
  }
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
