import { describe, expect, it } from 'vitest';
import { optional } from '../../src/observe/telemetry/optional.js';
import { phasesOf } from '../../src/observe/telemetry/phases.js';
import { parseTelemetryOptions, type TelemetryOptions } from '../../src/options/options.js';

const NO_PHASES = {
  ...{ requested: undefined, resolved: undefined, queued: undefined, begun: undefined },
  ...{ connected: undefined, secured: undefined, opened: undefined },
  ...{ firstMessage: undefined, lastRead: undefined, lastWrite: undefined },
};

describe('options of telemetry()', () => {
  it('are providers and attributes, which are copied', () => {
    expect(parseTelemetryOptions(undefined)).toEqual({ attributes: {} });
    const meterProvider = { getMeter: () => undefined };
    const attributes = { 'pool.name': 'a' };
    const parsed = parseTelemetryOptions({ meterProvider, attributes });
    attributes['pool.name'] = 'b';
    expect(parsed).toEqual({ meterProvider, attributes: { 'pool.name': 'a' } });
  });

  it.each([
    [null, 'options'],
    [{ provider: {} }, 'provider'],
    [{ meterProvider: {} }, 'meterProvider'],
    [{ meterProvider: null }, 'meterProvider'],
    [{ tracerProvider: { getMeter: () => undefined } }, 'tracerProvider'],
    [{ attributes: ['a'] }, 'attributes'],
    [{ attributes: { a: 1 } }, 'attributes.a'],
    [{ attributes: { a: 'x'.repeat(257) } }, 'attributes.a'],
    [{ attributes: { '': 'x' } }, 'attributes[""]'],
  ] as unknown as [TelemetryOptions, string][])('are refused: %j', (options, option) => {
    expect(() => parseTelemetryOptions(options)).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_OPTION',
        details: expect.objectContaining({ option }),
      }),
    );
  });
});

it('a package that is not installed is named, with how to install it', async () => {
  const name = 'lws-pool-has-no-such-package';
  await expect(optional(name)).rejects.toMatchObject({
    code: 'ERR_PACKAGE_MISSING',
    details: { package: name },
    message: expect.stringContaining(`npm install ${name}`),
    cause: { code: 'ERR_MODULE_NOT_FOUND' },
  });
  expect(await optional('node:path')).toHaveProperty('join');
});

describe('phases of an opening', () => {
  it('are those that it went through', () => {
    const phases = { requested: 1, resolved: 2, queued: 3, begun: 4, connected: 5, opened: 7 };
    expect(phasesOf({ ...NO_PHASES, ...phases })).toEqual([
      { phase: 'lookup', from: 1, to: 2 },
      { phase: 'queue', from: 3, to: 4 },
      { phase: 'tcp', from: 4, to: 5 },
      { phase: 'upgrade', from: 5, to: 7 },
    ]);
    expect(phasesOf({ ...NO_PHASES, ...phases, secured: 6 }).slice(3)).toEqual([
      { phase: 'tls', from: 5, to: 6 },
      { phase: 'upgrade', from: 6, to: 7 },
    ]);
    expect(phasesOf(NO_PHASES)).toEqual([]);
  });
});
