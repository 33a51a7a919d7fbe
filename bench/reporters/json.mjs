/** The whole report, fields as in README.md, and nothing else on stdout. */
export function printJson(report) {
  console.log(JSON.stringify(report, null, 2));
}
