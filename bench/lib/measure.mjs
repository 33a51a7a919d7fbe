import { startChild } from './child.mjs';
import { onCore } from './cores.mjs';
import { startServer } from './server.mjs';

const handshakesAtOnce = 128;
const secondsAllowed = 120;

/**
 * One measurement: a fresh server, a fresh client, one result.
 *
 * @param {import('../peers/index.mjs').Peer} peer
 * @param {import('../scopes/index.mjs').Row} row
 * @param {{ server: string, quick: boolean, cores: import('./cores.mjs').Pinning['cores'] }} settings
 * @returns {Promise<import('../peers/contract/result.mjs').Result>}
 */
export async function measure(peer, row, { server: serverName, quick, cores }) {
  const workload = quick ? row.quick : row.workload;
  const pinning = row.unpinned ? undefined : cores;
  const server = await startServer(serverName, {
    tls: row.tls ?? false,
    core: pinning?.server,
    mode: workload.mode,
    size: workload.size,
    compression: workload.compression,
  });
  try {
    const options = {
      url: server.urls,
      ca: server.ca,
      'server-pid': server.pid,
      handshakes: handshakesAtOnce,
      ...workload,
    };
    const command = [...peer.command(row.driver), ...asCommandLine(options)];
    const client = startChild(onCore(pinning?.client, command), {
      seconds: secondsAllowed,
      environment: peer.environment,
    });
    const result = await resultOf(client);
    if (result.error) throw new Error(result.error);
    return result;
  } finally {
    await server.stop();
  }
}

async function resultOf(client) {
  try {
    return await client.firstLine;
  } finally {
    await client.stop();
  }
}

function asCommandLine(workload) {
  const given = Object.entries(workload).filter(([, value]) => value !== undefined);
  return given.flatMap(([option, value]) => [`--${option}`, String(value)]);
}
