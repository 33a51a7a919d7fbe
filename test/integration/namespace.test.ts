import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const program = fileURLToPath(new URL('../fixtures/programs/namespace.mjs', import.meta.url));

const setUp = [
  'ip link set lo up',
  'echo "40000 40003" > /proc/sys/net/ipv4/ip_local_port_range',
  'ip route add unreachable 127.0.9.9/32 table local',
].join(' && ');

/** Runs in a network namespace of its own, in which ports are few and an address has no way. */
function inNamespace(command: string): string {
  return execFileSync(
    'unshare',
    ['--map-root-user', '--net', 'sh', '-c', `${setUp} && ${command}`],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 30_000,
    },
  );
}

/** Some systems let only root, or nobody, make namespaces, or have no ip(8). */
function canMakeNamespaces(): boolean {
  try {
    inNamespace('true');
    return true;
  } catch {
    return false;
  }
}

it.runIf(canMakeNamespaces())('local ports that are used up, and an address without a way', () => {
  expect(JSON.parse(inNamespace(`'${process.execPath}' '${program}'`))).toEqual({
    many: [
      'ERR_LOCAL_PORTS_EXHAUSTED',
      'ERR_LOCAL_PORTS_EXHAUSTED',
      'open',
      'open',
      'open',
      'open',
    ],
    other: 'open',
    unreachable: 'ERR_UNREACHABLE',
  });
});
