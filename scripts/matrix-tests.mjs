// Runs the tests of the package under each version of Node.js that lib/nodes.mjs names, all with the
// addon that is there: one binary has to do for them all. Then it adds up, version by version. The
// last line it prints is the sum.
//
//   node scripts/matrix-tests.mjs                    every project under every version
//   node scripts/matrix-tests.mjs 26 integration     these; any number of either
//
// `npm run test:matrix` sets everything up first. Binaries are fetched into build/nodes/ when they
// are first asked for, and stay there.
import { addonIsCurrent } from './addon.mjs';
import { fingerprint } from './lib/files.mjs';
import { nodeVersionProblem } from './lib/node-version.mjs';
import { fetchNode, findNode, nodePath, nodesUnavailable, testedNodes } from './lib/nodes.mjs';
import { add } from './lib/reports.mjs';
import { avoidColours, conclude, forgetReports, runAll, vitestRunner } from './lib/runners.mjs';

/** @typedef {import('./lib/nodes.mjs').TestedNode} TestedNode */
/** @typedef {import('./lib/reports.mjs').Row} Row */

avoidColours();

const projects = ['unit', 'integration', 'lifecycle', 'io_uring'];

/** What no version may change: the addon, and what set-up knows of its origin. */
const addonFiles = ['build/Release/lws_pool.node', 'build/addon.stamp'];

/**
 * The versions and projects that are asked for, each in the order of its list.
 *
 * @param {string[]} args
 */
function chosenOf(args) {
  const unknown = args.filter((arg) => !projects.includes(arg) && !findNode(arg));
  const nodes = testedNodes.filter((node) => args.some((arg) => findNode(arg) === node));
  const named = projects.filter((project) => args.includes(project));
  return {
    unknown,
    nodes: nodes.length > 0 ? nodes : testedNodes,
    projects: named.length > 0 ? named : projects,
  };
}

/**
 * Why the addon cannot be tested under these, or undefined if it can. Node-API promises that a later
 * version loads what was built for an earlier one, not the reverse.
 *
 * @param {readonly TestedNode[]} nodes
 */
function unsuitable(nodes) {
  const unavailable = nodesUnavailable();
  if (unavailable) return `there are no binaries of Node.js for this machine: ${unavailable}`;
  const builder = process.version.split('.')[0]?.slice(1) ?? '';
  const older = nodes.find(({ version }) => nodeVersionProblem(version, builder));
  if (older) {
    return (
      `an addon built by Node.js ${builder} need not load in ${older.version}: run this under ` +
      `Node.js ${older.version.split('.')[0]}, or name only later versions`
    );
  }
  return addonIsCurrent() ? undefined : 'the addon is not there or out of date: npm run build';
}

/**
 * @param {TestedNode} node
 * @param {readonly string[]} chosen projects
 * @returns {Promise<{ rows: Row[], failures: string[] }>}
 */
async function runUnder(node, chosen) {
  const { version } = node;
  const reason = await fetchNode(node, { onOutput: (text) => process.stderr.write(text) });
  const obstacle = () => (reason ? { reason, fails: true } : undefined);
  return runAll(
    chosen.map((project) => {
      const runner = vitestRunner(`${version} ${project}`, [project], { node: nodePath(node) });
      return { ...runner, obstacle };
    }),
  );
}

/** @param {string[]} args */
async function main(args) {
  const chosen = chosenOf(args);
  if (chosen.unknown.length > 0) {
    const known = testedNodes.map(({ version }) => version).join(', ');
    console.error(
      `Neither a version nor a project: ${chosen.unknown.join(', ')}. The versions are ${known}, ` +
        `the projects ${projects.join(', ')}.`,
    );
    return 2;
  }
  const problem = unsuitable(chosen.nodes);
  if (problem) {
    console.error(problem);
    return 1;
  }

  forgetReports();
  const before = fingerprint(addonFiles);
  const table = [];
  const all = [];
  const failures = [];
  for (const node of chosen.nodes) {
    const { rows, failures: failed } = await runUnder(node, chosen.projects);
    if (fingerprint(addonFiles) !== before) {
      failed.push(`${node.version}: the addon is not the same as before`);
      rows.push({
        name: `${node.version} addon`,
        counts: { passed: 0, failed: 1, skipped: 0 },
        seconds: 0,
      });
    }
    table.push(sumOf(node.version, rows));
    for (const row of rows) table.push({ ...row, name: row.name.replace(/^\S+/, ' ') });
    all.push(...rows);
    failures.push(...failed);
  }
  return conclude(table, all, failures);
}

/**
 * @param {string} name
 * @param {readonly Row[]} rows
 * @returns {Row}
 */
function sumOf(name, rows) {
  const nothing = { name, counts: { passed: 0, failed: 0, skipped: 0 }, seconds: 0 };
  return rows.reduce(
    (sum, { counts, seconds }) => ({
      name,
      counts: add(sum.counts, counts),
      seconds: sum.seconds + seconds,
    }),
    nothing,
  );
}

process.exitCode = await main(process.argv.slice(2));
