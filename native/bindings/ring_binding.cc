#include "ring_binding.h"

#include <array>
#include <cstring>
#include <utility>

#include "../core/ring/ring_features.h"
#include "arguments.h"
#include "leases_binding.h"
#include "outcome.h"

namespace lwspool {

namespace {

constexpr size_t kBatch = 256;
// How long a thread that ends waits for what it has in flight. Milliseconds.
constexpr uint64_t kPatience = 1'000;

// The arguments of a lease: (leases, slot, generation, token).
Leases& leasesOf(const Napi::CallbackInfo& info) {
  return LeasesBinding::Unwrap(info[0].As<Napi::Object>())->leases();
}

uint64_t wide(const Napi::CallbackInfo& info, size_t index) {
  return static_cast<uint64_t>(info[index].As<Napi::Number>().DoubleValue());
}

LeaseName leaseOf(const Napi::CallbackInfo& info) {
  return {{number(info, 1), number(info, 2)}, wide(info, 3)};
}

Napi::Value outcomeOf(Napi::Env env, int error) {
  return outcomeOf(env, Leases::Outcome{Refusal::none, error});
}

std::vector<iovec> partsOf(const Napi::Value& value) {
  const auto views = value.As<Napi::Array>();
  std::vector<iovec> parts(views.Length());
  for (uint32_t i = 0; i < parts.size(); i++) {
    auto view = views.Get(i).As<Napi::Uint8Array>();
    parts[i] = {view.Data(), view.ByteLength()};
  }
  return parts;
}

Napi::Array namesOf(Napi::Env env, const std::vector<std::string>& names) {
  Napi::Array array = Napi::Array::New(env, names.size());
  for (uint32_t i = 0; i < names.size(); i++) array.Set(i, names[i]);
  return array;
}

}  // namespace

RingBinding::RingBinding(const Napi::CallbackInfo& info) : Napi::ObjectWrap<RingBinding>(info) {
  const RingOptions options{number(info, 0), number(info, 1), number(info, 2), number(info, 3),
                            number(info, 4)};
  uv_loop_t* loop;
  napi_get_uv_event_loop(info.Env(), &loop);
  auto handles = std::make_unique<Handles>(options, [this] { answered(); });
  if (const int error = handles->host.start(loop)) {
    const Napi::Error failure = Napi::Error::New(info.Env(), "io_uring_setup failed");
    failure.Set("errno", Napi::Number::New(info.Env(), error));
    throw failure;
  }
  onAnswers_ = Napi::Weak(info[5].As<Napi::Function>());
  handles_ = handles.release();
  handles_->teardown = std::make_unique<Teardown>(
      info.Env(), [this] { stop(std::exchange(handles_, nullptr), kPatience); });
}

RingBinding::~RingBinding() { stop(std::exchange(handles_, nullptr), 0); }

Ring& RingBinding::ring() {
  if (handles_ == nullptr) throw Napi::Error::New(Env(), "the ring is closed");
  return handles_->host.ring;
}

void RingBinding::stop(Handles* handles, uint64_t patience) {
  if (handles == nullptr) return;
  handles->host.stop(patience, [handles] {
    handles->teardown->finished();
    delete handles;
  });
}

// From the loop, where no C++ exception may get to.
void RingBinding::answered() {
  const Napi::Env env = Env();
  Napi::HandleScope scope(env);
  const Napi::Function callback = onAnswers_.Value();
  if (!callback.IsEmpty()) {
    napi_value result;
    const napi_status status =
        napi_make_callback(env, nullptr, env.Global(), callback, 0, nullptr, &result);
    if (status == napi_pending_exception) {
      napi_value exception;
      napi_get_and_clear_last_exception(env, &exception);
      napi_fatal_exception(env, exception);
    }
  }
}

// Keeps the loop and JavaScript's end of this for as long as there is something in flight.
void RingBinding::settle() {
  const bool busy = ring().inFlight() > 0 || ring().answered();
  if (busy == busy_) return;
  busy_ = busy;
  handles_->host.stay(busy);
  if (busy) {
    onAnswers_.Ref();
  } else {
    onAnswers_.Unref();
  }
}

Napi::Value RingBinding::features(const Napi::CallbackInfo& info) {
  const RingFeatures found = readRingFeatures();
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("errno", found.error);
  object.Set("features", namesOf(info.Env(), found.features));
  object.Set("opcodes", namesOf(info.Env(), found.opcodes));
  return object;
}

Napi::Value RingBinding::nextChain(const Napi::CallbackInfo& info) {
  return numberOf(info.Env(), static_cast<double>(Ring::nextChain()));
}

Napi::Value RingBinding::attach(const Napi::CallbackInfo& info) {
  int target = -1;
  const Leases::Outcome outcome =
      leasesOf(info).lendSocket(leaseOf(info), [&](int fd) { return ring().attach(fd, target); });
  return outcomeOf(info.Env(), outcome, target);
}

void RingBinding::detach(const Napi::CallbackInfo& info) {
  if (handles_ != nullptr) ring().detach(integer(info, 3));
  leasesOf(info).returnSocket({number(info, 1), number(info, 2)});
}

// (lease, chain, target, ...)
Napi::Value RingBinding::create(const Napi::CallbackInfo& info, Operation&& operation, Lane lane) {
  operation.target = integer(info, 5);
  const Leases::Outcome outcome =
      leasesOf(info).pin(leaseOf(info), lane, wide(info, 4), operation.pin);
  if (!outcome) return outcomeOf(info.Env(), outcome);
  uint64_t id = 0;
  const int error = ring().create(std::move(operation), id);
  return error != 0 ? outcomeOf(info.Env(), error) : numberOf(info.Env(), static_cast<double>(id));
}

Napi::Value RingBinding::poll(const Napi::CallbackInfo& info) {
  Operation operation;
  operation.kind =
      info[7].As<Napi::Boolean>().Value() ? Operation::Kind::pollMany : Operation::Kind::poll;
  operation.events = number(info, 6);
  return create(info, std::move(operation), Lane::none);
}

Napi::Value RingBinding::receive(const Napi::CallbackInfo& info) {
  Operation operation;
  operation.kind = Operation::Kind::receive;
  operation.parts = partsOf(info[6]);
  operation.flags = info[7].As<Napi::Boolean>().Value() ? MSG_WAITALL : 0;
  return create(info, std::move(operation), Lane::read);
}

Napi::Value RingBinding::receiveMany(const Napi::CallbackInfo& info) {
  Operation operation;
  operation.kind = Operation::Kind::receiveMany;
  return create(info, std::move(operation), Lane::read);
}

Napi::Value RingBinding::send(const Napi::CallbackInfo& info) {
  Operation operation;
  operation.kind =
      info[7].As<Napi::Boolean>().Value() ? Operation::Kind::sendZeroCopy : Operation::Kind::send;
  operation.parts = partsOf(info[6]);
  // The kernel goes on after a short write, and does not answer before it is over.
  operation.flags = MSG_NOSIGNAL | MSG_WAITALL;
  return create(info, std::move(operation), Lane::write);
}

Napi::Value RingBinding::timeout(const Napi::CallbackInfo& info) {
  Operation operation;
  operation.kind =
      info[1].As<Napi::Boolean>().Value() ? Operation::Kind::linkTimeout : Operation::Kind::timeout;
  const uint64_t milliseconds = wide(info, 0);
  operation.time.tv_sec = static_cast<int64_t>(milliseconds / 1000);
  operation.time.tv_nsec = static_cast<long long>(milliseconds % 1000) * 1'000'000;
  uint64_t id = 0;
  const int error = ring().create(std::move(operation), id);
  return error != 0 ? outcomeOf(info.Env(), error) : numberOf(info.Env(), static_cast<double>(id));
}

Napi::Value RingBinding::start(const Napi::CallbackInfo& info) {
  const auto numbers = info[0].As<Napi::Array>();
  std::vector<uint64_t> ids(numbers.Length());
  for (uint32_t i = 0; i < ids.size(); i++) {
    ids[i] = static_cast<uint64_t>(numbers.Get(i).As<Napi::Number>().DoubleValue());
  }
  const int error = ring().start(ids);
  handles_->host.soon();
  settle();
  return outcomeOf(info.Env(), error);
}

void RingBinding::discard(const Napi::CallbackInfo& info) {
  if (handles_ != nullptr) ring().discard(wide(info, 0));
}

void RingBinding::cancel(const Napi::CallbackInfo& info) {
  if (handles_ == nullptr) return;
  ring().cancel(wide(info, 0));
  handles_->host.soon();
}

void RingBinding::submit(const Napi::CallbackInfo&) {
  if (handles_ != nullptr) ring().submit();
}

void RingBinding::wait(const Napi::CallbackInfo& info) {
  if (handles_ != nullptr) ring().wait(number(info, 0));
}

Napi::Value RingBinding::take(const Napi::CallbackInfo& info) {
  if (handles_ == nullptr) return numberOf(info.Env(), 0);
  auto into = info[0].As<Napi::Float64Array>();
  std::array<Completion, kBatch> answers;
  const size_t room = std::min(answers.size(), into.ElementLength() / 3);
  const size_t count = ring().take({answers.data(), room});
  double* out = into.Data();
  for (size_t i = 0; i < count; i++) {
    *out++ = static_cast<double>(answers[i].id);
    *out++ = answers[i].result;
    *out++ = answers[i].flags;
  }
  settle();
  return numberOf(info.Env(), static_cast<double>(count));
}

Napi::Value RingBinding::chunk(const Napi::CallbackInfo& info) {
  const auto buffer = static_cast<uint16_t>(number(info, 0));
  const Napi::Value bytes =
      Napi::Buffer<uint8_t>::Copy(info.Env(), ring().buffer(buffer), number(info, 1));
  ring().giveBack(buffer);
  return bytes;
}

void RingBinding::close(const Napi::CallbackInfo&) {
  if (busy_) {
    busy_ = false;
    onAnswers_.Unref();
  }
  stop(std::exchange(handles_, nullptr), kPatience);
}

void RingBinding::define(Napi::Env env, Napi::Object exports) {
  exports.Set("Ring", DefineClass(env, "Ring",
                                  {StaticMethod<&RingBinding::features>("features"),
                                   StaticMethod<&RingBinding::nextChain>("nextChain"),
                                   InstanceMethod<&RingBinding::attach>("attach"),
                                   InstanceMethod<&RingBinding::detach>("detach"),
                                   InstanceMethod<&RingBinding::poll>("poll"),
                                   InstanceMethod<&RingBinding::receive>("receive"),
                                   InstanceMethod<&RingBinding::receiveMany>("receiveMany"),
                                   InstanceMethod<&RingBinding::send>("send"),
                                   InstanceMethod<&RingBinding::timeout>("timeout"),
                                   InstanceMethod<&RingBinding::start>("start"),
                                   InstanceMethod<&RingBinding::discard>("discard"),
                                   InstanceMethod<&RingBinding::cancel>("cancel"),
                                   InstanceMethod<&RingBinding::submit>("submit"),
                                   InstanceMethod<&RingBinding::wait>("wait"),
                                   InstanceMethod<&RingBinding::take>("take"),
                                   InstanceMethod<&RingBinding::chunk>("chunk"),
                                   InstanceMethod<&RingBinding::close>("close")}));
}

}  // namespace lwspool
