import { expect, test } from 'vitest';
import { layerProblems } from '../../scripts/lib/native-layers.mjs';

function problemsOf(sources: Record<string, string>) {
  return layerProblems(new Map(Object.entries(sources)));
}

test('a folder may include from itself and from those below it', () => {
  const problems = problemsOf({
    'core/base/clock.h': '#include <cstdint>\n',
    'core/net/connection.h': '#include "../base/clock.h"\n',
    'core/net/service.cc': '#include <vector>\n#include "connection.h"\n',
    'bindings/host.cc': '#include <uv.h>\n#include "core/net/connection.h"\n',
  });
  expect(problems).toEqual([]);
});

test('an include from above is told with its line, and with what is allowed', () => {
  const problems = problemsOf({
    'core/net/connection.h': '',
    'core/io/transport.cc': '#include <cerrno>\n\n#include "../net/connection.h"\n',
  });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(/^native\/core\/io\/transport\.cc:3: core\/io may not include/);
  expect(problems[0]).toContain('only from core/io, core/base, core/ws, core/bio');
});

test('folders of one row do not include from each other', () => {
  const problems = problemsOf({
    'core/ws/frame.h': '',
    'core/bio/spec.h': '#include "../ws/frame.h"\n',
  });
  expect(problems).toEqual([expect.stringContaining('native/core/bio/spec.h:1: ')]);
});

test('a circle is found, also where only the sources close it', () => {
  const problems = problemsOf({
    'core/net/a.h': '#include "b.h"\n',
    'core/net/b.h': '',
    'core/net/b.cc': '#include "b.h"\n#include "c.h"\n',
    'core/net/c.h': '#include "a.h"\n',
  });
  expect(problems).toEqual([
    'native/core/net/a.h:1 (b.h) -> native/core/net/b.cc:2 (c.h) -> native/core/net/c.h:1 (a.h)' +
      ': they include each other, one after the other',
  ]);
});

test('a folder without a place, a file that is not there and a foreign header are told', () => {
  const problems = problemsOf({
    'core/misc/a.h': '',
    'core/ws/frame.h': '#include "gone.h"\n#include <uv.h>\n',
  });
  expect(problems).toEqual([
    'native/core/misc/a.h:1: core/misc has no place in scripts/lib/native-layers.mjs',
    'native/core/ws/frame.h:1: there is no native/core/ws/gone.h',
    'native/core/ws/frame.h:2: only bindings and . may include <uv.h>',
  ]);
});
