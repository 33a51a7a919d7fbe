import { describe, expect, it } from 'vitest';
import type { Link } from '../../src/channel/link.js';
import { Command, Event } from '../../src/channel/record.js';
import type { LwsPoolError } from '../../src/errors/errors.js';
import { ConnectionLeases } from '../../src/lease/connection-leases.js';
import type { LeaseCoordinator } from '../../src/lease/coordinator.js';
import { LeaseTrace } from '../../src/lease/trace.js';

const BUSY = -1;
const NOT_HELD = -4;

/** The leases of a connection whose worker is the test. */
function bed() {
  const commands: { type: number; request: number }[] = [];
  const released: number[] = [];
  const link = { slot: 3, generation: 1, readyState: 1, hasUnsent: true };
  const coordinator = {
    channel: 0,
    side: 'main',
    options: { timeout: 1000 },
    native: {
      take: () => BUSY,
      secure: () => NOT_HELD,
      release: (_slot: number, _generation: number, token: number) => {
        released.push(token);
        return 0;
      },
    },
    outbox: {
      command: (type: number, _slot: number, _generation: number, request: number) => {
        commands.push({ type, request });
      },
      flush: () => undefined,
    },
    nextRequest: () => commands.length + 1,
    flush: () => undefined,
    trace: new LeaseTrace(false),
    leaks: { began: () => undefined, ended: () => undefined },
  };
  const leases = new ConnectionLeases(
    { id: '0.3.1' },
    link as unknown as Link,
    coordinator as unknown as LeaseCoordinator,
  );
  const number = (value: number) => {
    const payload = Buffer.alloc(8);
    payload.writeDoubleLE(value);
    return payload;
  };
  return {
    leases,
    link,
    commands,
    released,
    grant: (token: number) =>
      leases.onRecord(Event.leased, number(token), commands.at(-1)?.request ?? 0),
    expire: (token: number) => leases.onRecord(Event.leaseExpired, number(token), 0),
  };
}

const soon = () => new Promise(setImmediate);
const codeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 'granted',
    (error: LwsPoolError) => error.code,
  );

// Records come in batches, and those who wait hear of them only after the batch.
describe('a lease that the worker grants', () => {
  it('is granted, though its waiter is aborted in the same batch', async () => {
    const { leases, grant, released } = bed();
    const controller = new AbortController();
    const asked = leases.lease('exclusive', { signal: controller.signal });
    await soon();
    grant(7);
    controller.abort();
    const lease = await asked;
    expect([lease.token, lease.released]).toEqual([7n, false]);
    lease.release();
    expect(released).toEqual([7]);
  });

  it('is given back where its waiter was aborted before', async () => {
    const { leases, grant, released, commands } = bed();
    const controller = new AbortController();
    const asked = codeOf(leases.lease('exclusive', { signal: controller.signal }));
    await soon();
    controller.abort();
    expect(commands.map(({ type }) => type)).toEqual([Command.lease, Command.cancelLease]);
    commands.pop();
    grant(7);
    expect(await asked).toBe('ERR_ABORTED');
    expect(released).toEqual([7]);
  });

  it('is revoked when the connection ends in the same batch', async () => {
    const { leases, link, grant } = bed();
    const asked = leases.lease('exclusive');
    await soon();
    grant(7);
    link.readyState = 3;
    leases.onClosed(undefined);
    const lease = await asked;
    expect(lease.released).toBe(true);
    expect(lease.signal.reason).toMatchObject({ code: 'ERR_LEASE_REVOKED' });
  });

  it('is expired when it expires in the same batch', async () => {
    const { leases, grant, expire } = bed();
    const asked = leases.lease('exclusive', { maxHold: 1 });
    await soon();
    grant(7);
    expire(7);
    const lease = await asked;
    expect(lease.signal.reason).toMatchObject({ code: 'ERR_LEASE_EXPIRED' });
  });

  it('makes room for the next who waits', async () => {
    const { leases, grant, commands } = bed();
    const first = leases.lease('exclusive');
    const second = leases.lease('exclusive');
    await soon();
    expect(commands).toHaveLength(1);
    grant(7);
    (await first).release();
    await soon();
    expect(commands).toHaveLength(2);
    grant(8);
    expect((await second).token).toBe(8n);
  });

  it.each([
    [-2, 'ERR_NOT_ESTABLISHED'],
    [-3, 'ERR_CONNECTION_CLOSED'],
  ])('is refused with the reason: %i, %s', async (refusal, code) => {
    const { leases, grant } = bed();
    const asked = codeOf(leases.lease('exclusive'));
    await soon();
    grant(refusal);
    expect(await asked).toBe(code);
  });
});

describe('a lease that is lost before the worker has said why', () => {
  it.each([
    ['expired', 'ERR_LEASE_EXPIRED', 'exclusive', 60_000, 1],
    ['was revoked', 'ERR_LEASE_REVOKED', 'exclusive', 60_000, 2],
    ['was revoked', 'ERR_LEASE_REVOKED', 'shared', 60_000, 1],
    ['expired', 'ERR_LEASE_EXPIRED', 'shared', 1, 1],
    ['was revoked', 'ERR_LEASE_REVOKED', 'exclusive', undefined, 1],
  ] as const)('%s: %s, %s, %s ms, state %i', async (_how, code, mode, maxHold, readyState) => {
    const { leases, link, grant } = bed();
    const asked = leases.lease(mode, { maxHold });
    await soon();
    grant(7);
    const lease = await asked;
    link.readyState = readyState;
    expect(() => lease.tls).toThrow(expect.objectContaining({ code }));
  });
});
