// Prints the addon's sources for binding.gyp: every .cc file under native/, sorted.
import { filesUnder } from './lib/files.mjs';

console.log(filesUnder('native', ['.cc']).join('\n'));
