// What leases tell of TLS, as JavaScript sees it: NativeTlsFacts in src/native.ts.
// JavaScript thread.
#pragma once

#include <napi.h>

#include "../core/lease/tls_actions.h"
#include "../core/tls/tls_facts.h"

namespace lwspool {

Napi::Object tlsObject(Napi::Env env, const TlsFacts& facts);

// done: true; again: false; failed: the reason.
Napi::Value tlsResult(Napi::Env env, const TlsResult& result);

}  // namespace lwspool
