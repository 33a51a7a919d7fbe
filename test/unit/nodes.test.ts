import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { fromRoot } from '../../scripts/lib/files.mjs';
import { nodeVersionProblem } from '../../scripts/lib/node-version.mjs';
import {
  fetchNode,
  findNode,
  newestNode,
  nodeIsThere,
  testedNodes,
} from '../../scripts/lib/nodes.mjs';

const manifest = JSON.parse(readFileSync(fromRoot('package.json'), 'utf8'));

describe('the versions of Node.js that are tested', () => {
  test('begin with the oldest that is promised, whose types are used', () => {
    const [oldest = newestNode] = testedNodes;
    expect(manifest.engines.node).toBe(`>=${oldest.version.replace(/\.0$/, '')}`);
    expect(manifest.devDependencies['@types/node']).toMatch(/^\^20\.19\./);
    for (const { version } of testedNodes) {
      expect(nodeVersionProblem(version, manifest.engines.node)).toBeUndefined();
    }
  });

  test('have a checksum for each architecture', () => {
    for (const { sha512 } of testedNodes) {
      for (const architecture of ['x64', 'arm64']) {
        expect(Buffer.from(sha512[architecture] ?? '', 'base64')).toHaveLength(64);
      }
    }
  });

  test.each([
    ['26', newestNode],
    [`v${newestNode.version}`, newestNode],
    ['20.19', testedNodes[0]],
    ['2', undefined],
    ['20.1', undefined],
    ['', undefined],
  ])('are found by a beginning: %j', (name, node) => {
    expect(findNode(name)).toBe(node);
  });
});

describe('a version that is fetched', () => {
  const archive = Buffer.from('anything but a package');
  // Of this process alone: the folder that it would go to is named after it.
  const version = `0.0.${process.pid}`;
  const fake = { version, sha512: { [process.arch]: 'of something else' } };

  afterEach(() => vi.unstubAllEnvs());

  /** Has npm ask this server instead of its registry. */
  async function registry(listener: RequestListener) {
    const server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    vi.stubEnv('npm_config_registry', url);
    vi.stubEnv('npm_config_noproxy', '127.0.0.1');
    return url;
  }

  async function refusal() {
    const reason = await fetchNode(fake);
    expect(nodeIsThere(fake)).toBe(false);
    expect(existsSync(fromRoot(`build/nodes/${version}.work`))).toBe(false);
    return reason;
  }

  test('is left out where the registry does not have it', async () => {
    await registry((_, response) => response.writeHead(404).end('{}'));
    expect(await refusal()).toMatch(/^npm could not fetch node-linux-\w+@0\.0\.\d+ \(.*404/);
  });

  test('is left out where the registry cannot be reached', async () => {
    await registry((request) => request.socket.destroy());
    expect(await refusal()).toMatch(/^npm could not fetch node-linux-\w+@0\.0\.\d+ \(.+\)$/);
  });

  test('is left out where the package is another one', async () => {
    const name = `node-linux-${process.arch}`;
    const url = await registry((request, response) => {
      if (request.url?.endsWith('.tgz')) return response.end(archive);
      const dist = { tarball: `${url}${name}-${version}.tgz` };
      const versions = { [version]: { name, version, dist } };
      return response.end(JSON.stringify({ name, 'dist-tags': { latest: version }, versions }));
    });
    expect(await refusal()).toBe(
      `${name}@${version} is not what it should be: its checksum differs`,
    );
  });
}, 60_000);

test('the matrix says which versions and projects there are', () => {
  const args = ['scripts/matrix-tests.mjs', '18', 'unit'];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stderr).toMatch(
    /^Neither a version nor a project: 18\. The versions are 20\.19\.0, .+, the projects unit, .+\.\n$/,
  );
});
