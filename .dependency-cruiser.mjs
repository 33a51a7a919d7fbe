/**
 * The layers of `src/`, from the bottom to the top: a folder imports from itself and from those
 * before it, types included. CONTRIBUTING.md says what is in each.
 */
const layers = [
  'base',
  'flight',
  'errors',
  'native.ts',
  'options',
  'channel',
  'lease',
  'ring',
  'health',
  'connection',
  'workers',
  'observe',
  'pool',
  'index.ts',
  'target',
  'load',
  'inspect',
  'cli',
];

const path = (/** @type {string[]} */ names) =>
  names.map((name) => (name.endsWith('.ts') ? `^src/${name}$` : `^src/${name}/`)).join('|');

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circle',
      comment: 'Files that import each other can only be understood together: move what both need.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...layers.slice(0, -1).map((layer, index) => ({
      name: `${layer}-imports-downwards`,
      comment: 'A layer knows nothing of those above it: see the layers in CONTRIBUTING.md.',
      severity: /** @type {const} */ ('error'),
      from: { path: path([layer]) },
      to: { path: path(layers.slice(index + 1)) },
    })),
    {
      name: 'a-layer-for-every-folder',
      comment: 'A folder that stands in no layer is watched by nobody: add it to the list.',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: path(layers) },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
