// BIOs as JavaScript sees them: their options, and their figures (NativeBio in src/native.ts).
// JavaScript thread.
#pragma once

#include <napi.h>

#include "../core/bio/layer.h"
#include "../core/bio/spec.h"

namespace lwspool {

bio::Spec bioSpec(const Napi::Object& options);

// The caller has the right to use the SSL object that the layer belongs to, or has popped it.
Napi::Object bioObject(Napi::Env env, const bio::Layer& layer);

}  // namespace lwspool
