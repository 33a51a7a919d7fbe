import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the package, as it would be published. */
    tarball: string;
    /** Of the package of the command line. */
    tools: string;
    /** Paths of the files in it, from its root. */
    files: readonly string[];
  }
}

/** Packs the package once, as `npm publish` does: `prepack` makes its binaries. */
export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'lws-pool-packed-'));
  const packed = pack('.', folder);
  project.provide('tarball', join(folder, packed.filename));
  project.provide('tools', join(folder, pack('tools', folder).filename));
  project.provide(
    'files',
    packed.files.map(({ path }) => path),
  );
  return () => rmSync(folder, { recursive: true, force: true });
}

/**
 * @param source of the package, from the project's root
 * @param folder where to
 */
function pack(source: string, folder: string): Packed {
  const args = ['pack', '--json', '--silent', `--pack-destination=${folder}`];
  const output = execFileSync('npm', args, {
    cwd: fileURLToPath(new URL(`../../${source}`, import.meta.url)),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // What the scripts of the package print comes first.
  const [packed] = packages(output.slice(output.search(/^[[{]$/m)));
  if (packed === undefined) throw new Error(`npm pack did not say what it packed:\n${output}`);
  return packed;
}

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** An array; of npm 12, an object by the names of the packages. */
function packages(json: string): Packed[] {
  return Object.values(JSON.parse(json) as Record<string, Packed>);
}
