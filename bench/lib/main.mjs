import { jsonText, write, writeReports } from '../reporters/index.mjs';
import { listText } from '../reporters/list.mjs';
import { runCommand } from './command-line.mjs';
import { installDependencies } from './install.mjs';
import { readOptions, usageText } from './options.mjs';

/** @param {string[]} commandLine */
export function main(commandLine) {
  return runCommand(commandLine, usageText, readOptions, run);
}

async function run(options) {
  if (options.list) {
    console.log(listText(options));
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
