import { describe, expect, test } from 'vitest';
import { countReport, judge, summaryLine, summaryTable } from '../../scripts/lib/reports.mjs';

const vitestReport = `<?xml version="1.0" encoding="UTF-8" ?>
<testsuites name="vitest tests" tests="4" failures="1" errors="0" time="0.1">
  <testsuite name="test/unit/a.test.ts" tests="3" failures="1" errors="0" skipped="1">
    <testcase classname="test/unit/a.test.ts" name="adds" time="0"></testcase>
    <testcase classname="test/unit/a.test.ts" name="a &gt; b" time="0">
      <failure message="expected 1 to be 2" type="AssertionError">at a.test.ts:3</failure>
    </testcase>
    <testcase classname="test/unit/a.test.ts" name="later" time="0"><skipped/></testcase>
  </testsuite>
  <testsuite name="test/unit/b.test.ts" tests="1" failures="0" errors="0" skipped="0">
    <testcase classname="test/unit/b.test.ts" name="subtracts" time="0"></testcase>
  </testsuite>
</testsuites>`;

// doctest counts assertions in its attributes, not test cases.
const doctestReport = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="frames" errors="1" failures="0" tests="117">
    <testcase classname="frames.cc" name="short" time="0.01" status="run"/>
    <testcase classname="frames.cc" name="long" time="0.01" status="run">
      <error message="exception">out of range</error>
    </testcase>
  </testsuite>
</testsuites>`;

const passing = '<testsuite><testcase name="one"/></testsuite>';

describe('one report', () => {
  test('is counted by its test cases, in every suite', () => {
    expect(countReport(vitestReport)).toEqual({
      counts: { passed: 2, failed: 1, skipped: 1 },
      failures: ['test/unit/a.test.ts > a &gt; b'],
    });
  });

  test('counts an error as a failure', () => {
    expect(countReport(doctestReport)).toEqual({
      counts: { passed: 1, failed: 1, skipped: 0 },
      failures: ['frames.cc > long'],
    });
  });

  test('may begin with a suite, and counts a case with two failures once', () => {
    const xml = `<testsuite><testcase name="one"><failure/><failure/></testcase></testsuite>`;
    expect(countReport(xml).counts).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  test('may be full of entities', () => {
    const output = '&lt;&amp;&gt;'.repeat(20_000);
    const xml = `<testsuite><testcase name="one"/><system-out>${output}</system-out></testsuite>`;
    expect(countReport(xml).counts.passed).toBe(1);
  });
});

describe('a runner', () => {
  test('passes with what its reports say', () => {
    expect(judge('unit', [passing, passing], undefined)).toEqual({
      name: 'unit',
      counts: { passed: 2, failed: 0, skipped: 0 },
      failures: [],
    });
  });

  test('that fails because tests failed adds no failure of its own', () => {
    const { counts, note } = judge('unit', [vitestReport], 'exit status 1');
    expect(counts).toEqual({ passed: 2, failed: 1, skipped: 1 });
    expect(note).toBeUndefined();
  });

  test.each([
    ['fails without a failed test', [passing], 'exit status 1', /^exit status 1, with no failed/],
    ['cannot be started', [], 'x.mjs is missing', /^x.mjs is missing$/],
    ['leaves no report', [], undefined, /^left no report$/],
    ['leaves an empty report', ['<testsuites/>'], undefined, /^ran no test$/],
    ['leaves a report cut short', ['<testsuites><testsuite na'], undefined, /^(unreadable|ran no)/],
  ])('that %s is one failure', (_, reports, trouble, note) => {
    const result = judge('unit', reports, trouble);
    expect(result.counts.failed).toBe(1);
    expect(result.note).toMatch(note);
  });
});

test('the last line of a test run', () => {
  expect(summaryLine({ passed: 12, failed: 0, skipped: 3 })).toBe('12 passed, 0 failed, 3 skipped');
});

test('the table of a test run has a line for each kind', () => {
  const counts = { passed: 12, failed: 0, skipped: 3 };
  const rows = [
    { name: 'unit', counts, seconds: 1.25 },
    { name: 'a kind with a long name', counts, seconds: 100 },
  ];
  expect(summaryTable(rows).split('\n')).toEqual([
    '                          passed   failed  skipped  seconds',
    'unit                          12        0        3      1.3',
    'a kind with a long name       12        0        3    100.0',
  ]);
});
