// Checks that the folders of native/ include from those below them only, and that no two files
// include each other. `npm run lint` runs it.
import { readFileSync } from 'node:fs';
import { filesUnder, fromRoot } from './lib/files.mjs';
import { layerProblems } from './lib/native-layers.mjs';

const files = filesUnder('native', ['.cc', '.h']);
const sources = new Map(
  files.map((file) => [file.slice('native/'.length), readFileSync(fromRoot(file), 'utf8')]),
);
const problems = layerProblems(sources);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
