import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { writeReports } from '../reporters/index.mjs';
import { runCommand } from './command-line.mjs';
import { installDependencies } from './install.mjs';
import { docsPage } from './options.mjs';
import { schema } from './page.mjs';
import { oneOf } from './values.mjs';

const usageText = `Usage: node bench/report.mjs REPORT.json... [options]

Writes reports that were saved with --save or --reporter json, several of them as one: a row that
more than one has is taken from the newest.

  --reporter NAME   table, html, markdown (table)
  --out FILE        where the report goes (standard output; markdown: ${docsPage})
  --help`;

/** @param {string[]} commandLine */
export function main(commandLine) {
  return runCommand(commandLine, usageText, read, run);
}

function read(commandLine) {
  const options = readCommandLine(commandLine);
  if (options.help) return options;
  const reports = options.files.map(readReport);
  refuseRehearsal(options, reports);
  return { ...options, reports };
}

async function run({ reports, ...options }) {
  installDependencies();
  await writeReports(reports, options);
  return 0;
}

function readCommandLine(commandLine) {
  const { values, positionals } = parseArgs({
    args: commandLine,
    allowPositionals: true,
    options: {
      reporter: { type: 'string', default: 'table' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (!values.help && positionals.length === 0) throw new RangeError('no report to read');
  oneOf('--reporter', values.reporter, ['table', 'html', 'markdown']);
  return { ...values, files: positionals };
}

function readReport(file) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new RangeError(`${file}: ${error.message}`, { cause: error });
  }
  if (report.schema === schema) return report;
  throw new RangeError(`${file}: is no report with schema ${schema}`);
}

function refuseRehearsal({ reporter, out }, reports) {
  if (reporter !== 'markdown' || out !== undefined) return;
  if (!reports.some(({ settings }) => settings.quick)) return;
  throw new RangeError(`a --quick report does not go to ${docsPage}: name another file with --out`);
}
