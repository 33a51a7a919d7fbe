import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/**
 * What a peer is asked to do: its command line. Every peer takes every option.
 *
 * @typedef {object} Workload
 * @property {'connect' | 'close' | 'idle' | 'echo' | 'burst' | 'receive' | 'send' | 'latency' | 'paced' | 'take' | 'pairs' | 'traffic' | 'throughput' | 'all' | 'requests' | 'sample' | 'scrape' | 'bio'} mode
 * @property {string[]} urls  connections take turns: see addresses.mjs
 * @property {string} url  the first of them
 * @property {Buffer | undefined} ca  PEM, for wss:
 * @property {number} connections  to open in the measured phase; where there are messages, in all
 * @property {number} size  bytes of a message
 * @property {'bytes' | 'json'} payload  what messages are: bytes that do not compress, or JSON that does
 * @property {'off' | 'takeover' | 'no-takeover'} compression  permessage-deflate, with contexts or without
 * @property {number} inflight  unanswered messages per connection
 * @property {number} messages  to count in the measured phase, over all connections: answers, for
 *   receive and send what the name says; for bio, in each of its phases
 * @property {number} warmup  the same before it: messages, or connections for connect, close and idle;
 *   of leases or pairs as many as that
 * @property {number} rate  for latency and paced: messages per second, over all connections
 * @property {number} handshakes  connections being opened at any time, at most
 * @property {number} threads  worker threads, where the peer has them
 * @property {number} sessions  0: no TLS session is resumed by a peer that can be told so
 * @property {number} release  0: memory of messages is left to the garbage collector, where there is the choice
 * @property {string} bio  type of the BIO whose cost is looked for; `none`: to see what measuring comes to
 * @property {number} pairs  how often to measure with and without: leases, or a BIO
 * @property {'default' | 'nothing' | 'stats' | 'flight'} observe  what is counted and recorded meanwhile, where there is
 *   the choice
 * @property {number | undefined} serverPid  whose CPU time to report along with one's own
 *
 * Of leases, and of whatever else is taken and given back:
 * @property {number} leases  how many to take in the measured phase; for `all`, how often all of them
 * @property {'exclusive' | 'shared' | 'none'} lease
 * @property {'lease' | 'tryLease' | 'link'} call  whether a lease may be waited for; requests in chains
 * @property {number} perTurn  after so many the loop gets a turn
 * @property {'handler' | 'main'} traffic  where messages are answered meanwhile
 */

const number = (fallback) => ({ type: 'string', default: String(fallback) });

/** @returns {Workload} */
export function readWorkload(commandLine = process.argv.slice(2)) {
  const { values } = parseArgs({
    args: commandLine,
    options: {
      mode: { type: 'string' },
      url: { type: 'string' },
      ca: { type: 'string' },
      connections: number(1),
      size: number(64),
      payload: { type: 'string', default: 'bytes' },
      compression: { type: 'string', default: 'off' },
      inflight: number(1),
      messages: number(0),
      warmup: number(0),
      rate: number(1000),
      handshakes: number(128),
      threads: number(1),
      sessions: number(1),
      release: number(1),
      bio: { type: 'string', default: 'none' },
      observe: { type: 'string', default: 'default' },
      'server-pid': { type: 'string' },
      leases: number(1),
      pairs: number(1),
      lease: { type: 'string', default: 'exclusive' },
      call: { type: 'string', default: 'lease' },
      'per-turn': number(1000),
      traffic: { type: 'string', default: 'handler' },
    },
  });
  const urls = values.url?.split(',') ?? [];
  return {
    mode: values.mode,
    urls,
    url: urls[0],
    ca: values.ca === undefined ? undefined : readFileSync(values.ca),
    connections: Number(values.connections),
    size: Number(values.size),
    payload: values.payload,
    compression: values.compression,
    inflight: Number(values.inflight),
    messages: Number(values.messages),
    warmup: Number(values.warmup),
    rate: Number(values.rate),
    handshakes: Number(values.handshakes),
    threads: Number(values.threads),
    sessions: Number(values.sessions),
    release: Number(values.release),
    bio: values.bio,
    observe: values.observe,
    serverPid: values['server-pid'] === undefined ? undefined : Number(values['server-pid']),
    leases: Number(values.leases),
    pairs: Number(values.pairs),
    lease: values.lease,
    call: values.call,
    perTurn: Number(values['per-turn']),
    traffic: values.traffic,
  };
}
