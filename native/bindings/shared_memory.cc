#include "shared_memory.h"

#include <utility>

namespace lwspool {

namespace {

// Memory that belongs to the owner.
template <class Owner>
Napi::ArrayBuffer memoryOf(Napi::Env env, std::shared_ptr<Owner> owner, void* data, size_t size) {
  auto* held = new std::shared_ptr<Owner>(std::move(owner));
  return Napi::ArrayBuffer::New(
      env, data, size, [](Napi::Env, void*, std::shared_ptr<Owner>* given) { delete given; }, held);
}

// `count` doubles of it.
template <class Owner>
Napi::Value doubles(Napi::Env env, std::shared_ptr<Owner> owner, void* data, size_t count) {
  const auto buffer = memoryOf(env, std::move(owner), data, count * sizeof(double));
  return Napi::Float64Array::New(env, count, buffer, 0);
}

}  // namespace

Napi::Value slabBuffer(Napi::Env env, SlabRef slab) {
  if (!slab) return env.Undefined();
  slab->retain();
  return Napi::ArrayBuffer::New(
      env, slab->data(), slab->size(), [](Napi::Env, void*, Slab* owned) { owned->release(); },
      slab.get());
}

Napi::Value ledgerArray(Napi::Env env, std::shared_ptr<LedgerSegment> segment) {
  if (!segment) return env.Undefined();
  void* const data = segment->entries;
  return doubles(env, std::move(segment), data, sizeof(LedgerSegment) / sizeof(double));
}

Napi::Value figuresArray(Napi::Env env, std::shared_ptr<FiguresSegment> segment) {
  if (!segment) return env.Undefined();
  void* const data = segment->rows;
  return doubles(env, std::move(segment), data, sizeof(FiguresSegment) / sizeof(double));
}

Napi::Value tcpArray(Napi::Env env, std::shared_ptr<TcpSegment> segment) {
  if (!segment) return env.Undefined();
  void* const data = segment->rows;
  return doubles(env, std::move(segment), data, sizeof(TcpSegment) / sizeof(double));
}

Napi::Value workerFiguresArray(Napi::Env env, const std::shared_ptr<Channel>& channel) {
  WorkerFigures* const figures = channel->figures();
  if (figures == nullptr) return env.Undefined();
  return doubles(env, channel, figures, kWorkerFigures);
}

Napi::Value heldArray(Napi::Env env, const std::shared_ptr<Channel>& channel) {
  const auto buffer = memoryOf(env, channel, &channel->held, sizeof channel->held);
  return Napi::Int32Array::New(env, 1, buffer, 0);
}

}  // namespace lwspool
