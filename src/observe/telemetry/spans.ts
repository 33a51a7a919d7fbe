import type { Attributes as SpanAttributes, Tracer } from '@opentelemetry/api';
import type { Connection } from '../../connection/connection.js';
import type { ConnectionUrl } from '../../connection/url.js';
import type { PoolObserver } from '../observer.js';
import { type Attributes, errorType } from './names.js';
import { phasesOf } from './phases.js';

type Api = typeof import('@opentelemetry/api');

/**
 * Spans of openings and of leases, children of what is active where they are asked for. Attributes
 * are those of the semantic conventions; the path and query of a URL are none of them.
 */
export function createSpans(api: Api, tracer: Tracer, own: Attributes): PoolObserver {
  const failed = (error: unknown) => ({
    code: api.SpanStatusCode.ERROR,
    message: error instanceof Error ? error.message : String(error),
  });
  return {
    connecting(url) {
      const span = tracer.startSpan('lws_pool.connect', {
        kind: api.SpanKind.CLIENT,
        startTime: now(),
        attributes: { ...own, ...urlAttributes(url) },
      });
      return {
        opened(connection) {
          const { phases, tls } = connection.stats({ tls: true });
          span.setAttributes(connectionAttributes(connection, tls?.protocol));
          for (const { phase, to } of phasesOf(phases)) span.addEvent(phase, {}, to);
          span.end(phases.opened);
        },
        failed(error) {
          span.setAttribute('error.type', errorType(error));
          span.setStatus(failed(error));
          span.end(now());
        },
      };
    },
    leasing({ connection, mode, label }) {
      const span = tracer.startSpan('lws_pool.lease', {
        kind: api.SpanKind.INTERNAL,
        startTime: now(),
        attributes: {
          ...own,
          'lws_pool.connection.id': connection,
          'lws_pool.lease.mode': mode,
          ...(label !== undefined && { 'lws_pool.lease.label': label }),
        },
      });
      return {
        granted() {
          span.addEvent('granted', {}, now());
        },
        failed(error) {
          span.setAttribute('error.type', errorType(error));
          span.setStatus(failed(error));
          span.end(now());
        },
        ended(ending) {
          span.setAttribute('lws_pool.lease.end', ending);
          span.end(now());
        },
      };
    },
  };
}

/** Milliseconds since the epoch, as the phases of connections have them. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

function urlAttributes({ url, host, port, unixPath, kind }: ConnectionUrl): SpanAttributes {
  return {
    'url.scheme': url.slice(0, url.indexOf(':')),
    'network.transport': unixPath === undefined ? 'tcp' : 'unix',
    'server.address': unixPath ?? host,
    ...(port > 0 && { 'server.port': port }),
    ...(kind === 'ws' && { 'network.protocol.name': 'websocket' }),
  };
}

function connectionAttributes(
  { id, worker, remoteAddress, remotePort }: Connection,
  protocol: string | undefined,
): SpanAttributes {
  return {
    'lws_pool.connection.id': id,
    'lws_pool.worker': `${worker}`,
    'network.peer.address': remoteAddress,
    ...(remotePort > 0 && { 'network.peer.port': remotePort }),
    ...(protocol !== undefined && {
      'tls.protocol.name': 'tls',
      'tls.protocol.version': protocol.replace('TLSv', ''),
    }),
  };
}
