import type { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import {
  delivered,
  hold,
  isSecure,
  message,
  open,
  own as ownFrame,
  payloads,
  thrown,
  until,
  WIRES,
} from '../fixtures/leases.js';
import { usePool } from '../fixtures/pool.js';
import { frame } from '../fixtures/servers.js';

const own = usePool();

describe.each(WIRES.filter(isSecure))('lease.tls has what the server has: %s', (wire) => {
  it.each(['shared', 'exclusive'] as const)('%s', async (mode) => {
    const ends = await open(own.pool, wire);
    const peer = ends.peer as TLSSocket;
    const got = delivered(ends.connection);
    peer.write(frame(2, 'behind the tickets'));
    await until(() => got().length > 0);
    const lease = await hold(ends.connection, mode);
    const { tls } = lease;
    if (tls === undefined) throw new Error('no TLS');
    expect(tls.protocol).toBe(peer.getProtocol());
    const { name, standardName } = peer.getCipher();
    expect(tls.cipher).toEqual({ name, standardName });
    expect(tls.peerCertificate?.raw.equals((peer.getCertificate() as { raw: Buffer }).raw)).toBe(
      true,
    );
    expect(tls.peerCertificates).toHaveLength(1);
    expect(tls.servername).toBe('localhost');
    expect([tls.verifyResult, tls.verifyError, tls.sessionReused]).toEqual([0, undefined, false]);
    expect(tls.pending).toBe(0);
    expect(tls.finished?.equals(peer.getPeerFinished() as Buffer)).toBe(true);
    expect(tls.peerFinished?.equals(peer.getFinished() as Buffer)).toBe(true);
    const context = Buffer.from('context');
    for (const length of [1, 32, 500]) {
      const theirs = peer.exportKeyingMaterial(length, 'EXPORTER-test', context);
      expect(tls.exportKeyingMaterial(length, 'EXPORTER-test', context).equals(theirs)).toBe(true);
    }
    expect(tls.session?.length).toBeGreaterThan(100);
    lease.release();
    ends.connection.terminate();
  });
});

it('new keys, with traffic before, meanwhile and after', async () => {
  const { connection, peer, received } = await open(own.pool, 'wss TLSv1.3');
  const got = delivered(connection);
  let expected = '';
  for (let i = 0; i < 20; i++) {
    connection.send(`before ${i} `, { binary: true });
    const lease = await hold(connection);
    expect(lease.tls?.updateKeys({ requestPeer: i % 2 === 0 })).toBe(true);
    lease.tls?.write(ownFrame('ws', `holder ${i} `));
    lease.release();
    peer.write(message('ws', `in ${i} `));
    connection.send(`after ${i} `, { binary: true });
    expected += `before ${i} holder ${i} after ${i} `;
  }
  await until(() => payloads('ws', received()).toString() === expected);
  await until(() => got().toString().endsWith('in 19 '));
  connection.terminate();
});

it('TLS 1.2 has no new keys, and says so', async () => {
  const { connection } = await open(own.pool, 'wss TLSv1.2');
  const lease = await hold(connection);
  expect(thrown(() => lease.tls?.updateKeys()).code).toBe('ERR_TLS_OPERATION');
  lease.release();
  connection.terminate();
});

it('a plain connection has no TLS', async () => {
  const { connection } = await open(own.pool, 'ws');
  const lease = await hold(connection);
  expect([lease.tls, lease.ssl]).toEqual([undefined, undefined]);
  lease.release();
  connection.terminate();
});
