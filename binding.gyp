{
  'variables': {
    # `node scripts/addon.mjs --debug` sets it.
    'lws_pool_debug%': 0,
  },
  'targets': [
    {
      'target_name': 'lws_pool',
      'sources': ['<!@(node scripts/native-sources.mjs)'],
      # node-gyp puts the headers of Node.js before these, and they hold openssl/ and uv.h: the
      # addon and libwebsockets use the OpenSSL and the libuv that are inside the node binary.
      'include_dirs': [
        'native',
        '<!(node -p "require(\'node-addon-api\').include_dir")',
        '<!@(node scripts/configure.mjs include-dirs)',
      ],
      'libraries': ['<!@(node scripts/configure.mjs libraries)'],
      'defines': [
        'NAPI_VERSION=9',
        'NAPI_CPP_EXCEPTIONS',
        # What C++ throws (no memory) reaches JavaScript as an Error, and V8's frames never.
        'NODE_ADDON_API_CPP_EXCEPTIONS_ALL',
        'NODE_ADDON_API_DISABLE_DEPRECATED',
        # In a thread that is being terminated no call succeeds and no exception can be thrown;
        # without this the whole process is aborted for it.
        'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
      ],
      'cflags': ['-Wall', '-Wextra'],
      'cflags!': ['-fno-exceptions'],
      # Node.js exports its symbols to addons; hidden ones of ours cannot be taken for its own.
      'cflags_cc': ['-std=gnu++20', '-fvisibility=hidden'],
      'cflags_cc!': ['-std=gnu++17', '-fno-exceptions'],
      'xcode_settings': {
        'CLANG_CXX_LANGUAGE_STANDARD': 'gnu++20',
        'GCC_ENABLE_CPP_EXCEPTIONS': 'YES',
        'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
      },
      'conditions': [
        ['lws_pool_debug==1', {
          'cflags': ['-Og', '-g3'],
          'configurations': {'Release': {'cflags!': ['-O3']}},
        }, {
          'cflags': ['-O3'],
        }],
      ],
    },
  ],
}
