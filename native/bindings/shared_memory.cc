#include "shared_memory.h"

namespace lwspool {

Napi::Value slabBuffer(Napi::Env env, SlabRef slab) {
  if (!slab) return env.Undefined();
  slab->retain();
  return Napi::ArrayBuffer::New(
      env, slab->data(), slab->size(), [](Napi::Env, void*, Slab* owned) { owned->release(); },
      slab.get());
}

Napi::Value ledgerArray(Napi::Env env, std::shared_ptr<LedgerSegment> segment) {
  if (!segment) return env.Undefined();
  auto* owner = new std::shared_ptr<LedgerSegment>(segment);
  const Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(
      env, segment->entries, sizeof segment->entries,
      [](Napi::Env, void*, std::shared_ptr<LedgerSegment>* held) { delete held; }, owner);
  return Napi::Float64Array::New(env, sizeof(LedgerSegment) / (sizeof(double)), buffer, 0);
}

}  // namespace lwspool
