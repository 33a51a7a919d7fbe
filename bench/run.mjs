#!/usr/bin/env node
import { runBenchmark } from './lib/benchmark.mjs';
import { installDependencies } from './lib/install.mjs';
import { readOptions, usageText } from './lib/options.mjs';
import { printJson } from './reporters/json.mjs';
import { printTable } from './reporters/table.mjs';

const reporters = { table: printTable, json: printJson };

/** @param {string[]} commandLine */
async function main(commandLine) {
  let options;
  try {
    options = readOptions(commandLine);
  } catch (error) {
    console.error(`${error.message}\n\n${usageText}`);
    return 2;
  }
  if (options.help) {
    console.log(usageText);
    return 0;
  }
  installDependencies();
  const report = await runBenchmark(options);
  reporters[options.reporter](report);
  return report.ok ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
