// Counting test results: JUnit reports in, sums out. No file or process is touched here.
import { XMLParser } from 'fast-xml-parser';

/**
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 */

/**
 * @typedef {object} Result what came of one runner
 * @property {string} name
 * @property {Counts} counts
 * @property {string[]} failures names of failed tests
 * @property {string} [note] why something was counted that no report names
 */

/**
 * @typedef {object} Row of the table at the end
 * @property {string} name
 * @property {Counts} counts
 * @property {number} seconds
 */

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  isArray: (name) => name === 'testsuite' || name === 'testcase',
  // Long outputs in a report are full of entities. They are not needed for counting, and the
  // parser stops at a limit if it has to expand them.
  processEntities: false,
});

/**
 * Counts the test cases of one JUnit report. The sums in its attributes are not used: doctest,
 * for one, gives the number of assertions there.
 *
 * @param {string} xml
 * @returns {{ counts: Counts, failures: string[] }}
 */
export function countReport(xml) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  /** @type {string[]} */
  const failures = [];

  /** @param {any} node biome-ignore lint/suspicious/noExplicitAny: parsed XML has no type */
  const visit = (node) => {
    for (const test of node.testcase ?? []) {
      if ('failure' in test || 'error' in test) {
        counts.failed += 1;
        failures.push([test.classname, test.name].filter(Boolean).join(' > '));
      } else if ('skipped' in test) {
        counts.skipped += 1;
      } else {
        counts.passed += 1;
      }
    }
    for (const suite of node.testsuite ?? []) visit(suite);
  };
  const document = parser.parse(xml);
  visit(document.testsuites || document);
  return { counts, failures };
}

/**
 * What a runner's reports and exit status mean together. A runner that says it failed, or that
 * reports nothing, is a failure even where no test case is.
 *
 * @param {string} name
 * @param {string[]} reports the texts of its JUnit reports
 * @param {string | undefined} trouble how it ended, if not with exit status 0
 * @returns {Result}
 */
export function judge(name, reports, trouble) {
  let counts = { passed: 0, failed: 0, skipped: 0 };
  /** @type {string[]} */
  const failures = [];
  /** @type {string[]} */
  const unread = [];
  for (const xml of reports) {
    try {
      const report = countReport(xml);
      counts = add(counts, report.counts);
      failures.push(...report.failures);
    } catch (error) {
      unread.push(`unreadable report: ${error instanceof Error ? error.message : error}`);
    }
  }

  let note = unread[0];
  if (!note && counts.failed === 0) {
    if (trouble && reports.length > 0) note = `${trouble}, with no failed test in its reports`;
    else if (trouble) note = trouble;
    else if (reports.length === 0) note = 'left no report';
    else if (counts.passed + counts.skipped === 0) note = 'ran no test';
  }
  if (note) counts = add(counts, { passed: 0, failed: 1, skipped: 0 });
  return { name, counts, failures, ...(note ? { note } : {}) };
}

/**
 * @param {Counts} a
 * @param {Counts} b
 * @returns {Counts}
 */
export function add(a, b) {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  };
}

/** @param {Counts} counts */
export function summaryLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/**
 * The table at the end of a run, without a line break after it.
 *
 * @param {readonly Row[]} rows
 */
export function summaryTable(rows) {
  const lines = rows.map(({ name, counts: { passed, failed, skipped }, seconds }) => [
    ...[name, `${passed}`, `${failed}`, `${skipped}`, seconds.toFixed(1)],
  ]);
  const all = [['', 'passed', 'failed', 'skipped', 'seconds'], ...lines];
  const width = Math.max(12, ...all.map(([name = '']) => name.length));
  return all
    .map(([name = '', ...columns]) => {
      return name.padEnd(width) + columns.map((column) => column.padStart(9)).join('');
    })
    .join('\n');
}
