/**
 * The layers of `src/`, from the bottom to the top: a folder imports from itself and from those
 * before it, types included. CONTRIBUTING.md says what is in each.
 */
const layers = [
  'base',
  'flight',
  'errors',
  'addon',
  'native.ts',
  'options',
  'target',
  'channel',
  'lease',
  'ring',
  'health',
  'connection',
  'workers',
  'observe',
  'pool',
  'index.ts',
];

/** What users import, as `lws-pool` and `lws-pool/target`. */
const exported = ['index.ts', 'target'];

/** The layers of the command line, in the same way. */
const toolLayers = ['phrases.ts', 'wrong-use.ts', 'target', 'load', 'inspect', 'cli'];

const path = (/** @type {string[]} */ names, root = 'src') =>
  names.map((name) => `^${root}/${name}${name.endsWith('.ts') ? '$' : '/'}`).join('|');

const downwards = (/** @type {string[]} */ names, /** @type {string} */ root) =>
  names.slice(0, -1).map((layer, index) => ({
    name: `${root}-${layer}-imports-downwards`,
    comment: 'A layer knows nothing of those above it: see the layers in CONTRIBUTING.md.',
    severity: /** @type {const} */ ('error'),
    from: { path: path([layer], root) },
    to: { path: path(names.slice(index + 1), root) },
  }));

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
    ...downwards(layers, 'src'),
    ...downwards(toolLayers, 'tools/src'),
    {
      name: 'exports-are-for-users',
      comment: 'What the library needs itself is in a layer of its own, below.',
      severity: 'error',
      from: { path: '^src/', pathNot: path(exported) },
      to: { path: path(exported) },
    },
    {
      name: 'the-command-line-is-a-user',
      comment: 'It imports "lws-pool" and "lws-pool/target", as any program does.',
      severity: 'error',
      from: { path: '^tools/src/' },
      to: {
        pathNot: '^tools/src/|^node_modules/|^dist/index[.]js$|^lws-pool/target$',
        dependencyTypesNot: ['core'],
      },
    },
    {
      name: 'its-packages-are-its-own',
      comment: 'What the command line imports is named in tools/package.json.',
      severity: 'error',
      from: { path: '^tools/src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'a-layer-for-every-folder',
      comment: 'A folder that stands in no layer is watched by nobody: add it to the list.',
      severity: 'error',
      from: {},
      to: {
        path: '^(tools/)?src/',
        pathNot: `${path(layers)}|${path(toolLayers, 'tools/src')}`,
      },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: '^dist/|node_modules' },
  },
};
