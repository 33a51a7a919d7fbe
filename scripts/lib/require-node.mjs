// Import this first: modules are evaluated in order, so an old Node.js stops here with a sentence
// instead of failing later on something that it does not have.
import { readFileSync } from 'node:fs';
import { nodeVersionProblem } from './node-version.mjs';

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const problem = nodeVersionProblem(process.versions.node, manifest.engines.node);
if (problem) {
  console.error(problem);
  process.exit(1);
}
