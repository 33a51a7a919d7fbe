import {
  type Connection,
  type ConnectionUrl,
  createPool,
  LwsPoolError,
  type Pool,
  parseConnectionUrl,
} from 'lws-pool';
import { isWrongUse } from '../wrong-use.js';
import type { Context } from './context.js';
import { failureReport } from './failure.js';
import type { InspectReport } from './report.js';
import { connectOptions } from './request.js';
import { safeUrl } from './secrets.js';
import type { InspectSettings } from './settings.js';
import { successReport } from './success.js';
import { WatchedLookup } from './watched-lookup.js';

/**
 * Connects to an endpoint, looks at everything that can be seen of it, and closes the connection.
 *
 * @throws LwsPoolError where the settings are wrong; what is wrong with the endpoint is in the report
 */
export async function runInspection(
  settings: InspectSettings,
  signal: AbortSignal,
): Promise<InspectReport> {
  const target = targetOf(settings.url);
  const pool = await createPool({ threads: 1 });
  try {
    const names = new WatchedLookup();
    return await inspect(pool, { settings, target, names, at: new Date().toISOString(), signal });
  } finally {
    await pool.destroy();
  }
}

/** What is no URL is shown as little as what is one. */
function targetOf(url: string): ConnectionUrl {
  try {
    return parseConnectionUrl(url);
  } catch (error) {
    if (!(error instanceof LwsPoolError)) throw error;
    const { code, details } = error;
    throw new LwsPoolError(code, { ...details, url: safeUrl(details.url ?? '') });
  }
}

async function inspect(pool: Pool, context: Context): Promise<InspectReport> {
  const { settings, names, signal } = context;
  const options = connectOptions(settings, names.lookup, signal);
  const began = performance.now();
  let connection: Connection;
  try {
    connection = await pool.connect(settings.url, options);
  } catch (error) {
    if (!(error instanceof LwsPoolError) || isWrongUse(error)) throw error;
    return await failureReport(context, error, performance.now() - began);
  }
  return await successReport(context, connection, performance.now() - began);
}
