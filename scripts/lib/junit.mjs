// Writing JUnit reports: what ../test.mjs counts.

/** @param {string} text */
export function escapeXml(text) {
  // Control characters have no place in XML, not even escaped.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to remove
  const clean = text.replace(/[\0-\x08\x0B\x0C\x0E-\x1F]/g, '');
  return clean.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/**
 * @param {string} suite
 * @param {{ name: string, seconds: number, failure?: string | undefined }[]} tests
 */
export function junitReport(suite, tests) {
  const cases = tests.map(({ name, seconds, failure }) => {
    const head = `<testcase classname="${escapeXml(suite)}" name="${escapeXml(name)}"`;
    const text = failure && `<failure message="see the text">${escapeXml(failure)}</failure>`;
    return `${head} time="${seconds.toFixed(3)}">${text ?? ''}</testcase>`;
  });
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>' +
    `<testsuite name="${escapeXml(suite)}">\n${cases.join('\n')}\n</testsuite></testsuites>\n`
  );
}
