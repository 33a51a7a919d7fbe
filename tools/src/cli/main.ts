import { run } from './program.js';

// Whoever reads has gone, as `head` does: there is nobody to tell. A disk that is full is told.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') process.stderr.write(`lws-pool: cannot write: ${error.message}\n`);
  process.exit(1);
});

process.exitCode = await run(process.argv.slice(2));
