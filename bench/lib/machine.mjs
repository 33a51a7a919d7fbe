import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';

/** What the figures were made on. */
export function describeMachine() {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memoryBytes: os.totalmem(),
    kernel: `${os.type()} ${os.release()}`,
    loadAverage: os.loadavg()[0],
  };
}

/** Versions that no peer reports of itself. */
export function describeInstallation() {
  const versions = { node: process.versions.node };
  const pkgConfig = spawnSync('pkg-config', ['--modversion', 'libwebsockets'], {
    encoding: 'utf8',
  });
  if (pkgConfig.status === 0) versions.libwebsockets = pkgConfig.stdout.trim().replace(/-$/, '');
  try {
    const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    versions['lws-pool'] = JSON.parse(manifest).version;
  } catch {
    // There is nothing of ours to name yet.
  }
  return versions;
}
