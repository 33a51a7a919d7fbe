import { jsonText, write, writeReports } from '../reporters/index.mjs';
import { listText } from '../reporters/list.mjs';
import { installDependencies } from './install.mjs';
import { readOptions, usageText } from './options.mjs';

/**
 * @param {string[]} commandLine
 * @returns {Promise<number>}  exit status
 */
export async function main(commandLine) {
  let options;
  try {
    options = readOptions(commandLine);
  } catch (error) {
    console.error(`${error.message}\n\n${usageText}`);
    return 2;
  }
  if (options.help || options.list) {
    console.log(options.help ? usageText : listText(options));
    return 0;
  }
  installDependencies();
  // Not before: it needs what was installed.
  const { runBenchmark } = await import('./benchmark.mjs');
  const report = await runBenchmark(options);
  // First, so that nothing is lost if the rest fails.
  if (options.save) write(options.save, jsonText(report));
  await writeReports([report], options);
  return report.ok ? 0 : 1;
}
