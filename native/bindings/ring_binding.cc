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

// Numbers in `asked`, and in `answers`, for each operation.
constexpr size_t kNumbers = 4;
constexpr int kFull = 1;

// What is asked for, mirrored by src/ring/operation.ts; `receiveAll` is a receive as well.
enum Asked : int32_t {
  poll,
  pollMany,
  receive,
  receiveAll,
  receiveMany,
  send,
  sendZeroCopy,
  timeout,
  linkTimeout,
  sendQuietly
};

using Kind = Operation::Kind;

Operation operationOf(const int32_t* asked) {
  Operation operation;
  operation.target = asked[1];
  switch (asked[0]) {
    case Asked::poll:
    case Asked::pollMany:
      operation.kind = asked[0] == Asked::poll ? Kind::poll : Kind::pollMany;
      operation.events = static_cast<uint32_t>(asked[2]);
      break;
    case Asked::receive:
    case Asked::receiveAll:
      operation.kind = Kind::receive;
      operation.flags = asked[0] == Asked::receiveAll ? MSG_WAITALL : 0;
      break;
    case Asked::receiveMany:
      operation.kind = Kind::receiveMany;
      break;
    case Asked::send:
    case Asked::sendZeroCopy:
    case Asked::sendQuietly:
      operation.kind = asked[0] == Asked::sendZeroCopy ? Kind::sendZeroCopy : Kind::send;
      operation.quiet = asked[0] == Asked::sendQuietly;
      // The kernel goes on after a short write, and does not answer before it is over.
      operation.flags = MSG_NOSIGNAL | MSG_WAITALL;
      break;
    case Asked::timeout:
    case Asked::linkTimeout:
      operation.kind = asked[0] == Asked::timeout ? Kind::timeout : Kind::linkTimeout;
      operation.time.tv_sec = asked[2] / 1000;
      operation.time.tv_nsec = asked[2] % 1000 * 1'000'000LL;
      break;
  }
  return operation;
}

Lane laneOf(Kind kind) {
  switch (kind) {
    case Kind::receive:
    case Kind::receiveMany:
      return Lane::read;
    case Kind::send:
    case Kind::sendZeroCopy:
      return Lane::write;
    default:
      return Lane::none;
  }
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
  auto asked = info[6].As<Napi::Int32Array>();
  auto answers = info[7].As<Napi::Int32Array>();
  asked_ = asked.Data();
  answers_ = answers.Data();
  room_ = answers.ElementLength() / kNumbers;
  askedArray_ = Napi::Persistent(asked);
  answersArray_ = Napi::Persistent(answers);
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
  handles->host.stop(patience, [handles] { delete handles; });
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

Napi::Value RingBinding::attach(const Napi::CallbackInfo& info) {
  Leases& leases = LeasesBinding::Unwrap(info[0].As<Napi::Object>())->leases();
  const LeaseName name{{number(info, 1), number(info, 2)},
                       static_cast<uint64_t>(info[3].As<Napi::Number>().DoubleValue())};
  int target = -1;
  const Leases::Outcome outcome =
      leases.lendSocket(name, [&](int fd) { return ring().attach(fd, target); });
  if (!outcome) return outcomeOf(info.Env(), outcome);
  const auto place = static_cast<size_t>(target);
  if (attached_.size() <= place) attached_.resize(place + 1);
  attached_[place] = {&leases, name};
  return numberOf(info.Env(), target);
}

void RingBinding::detach(const Napi::CallbackInfo& info) {
  const int target = integer(info, 0);
  if (handles_ != nullptr) ring().detach(target);
  const auto [leases, name] = std::exchange(attached_[static_cast<size_t>(target)], {});
  leases->returnSocket(name.id);
}

Leases::Outcome RingBinding::create(const int32_t* asked, const Napi::Array& memory, uint32_t& part,
                                    uint64_t chain, uint64_t& id) {
  Operation operation = operationOf(asked);
  for (int32_t left = asked[3]; left > 0; left--) {
    const auto view = memory.Get(part++).As<Napi::Buffer<uint8_t>>();
    operation.parts.push_back({view.Data(), view.Length()});
  }
  if (operation.target >= 0) {
    const Attached& lease = attached_[static_cast<size_t>(operation.target)];
    const Leases::Outcome outcome =
        lease.leases->pin(lease.name, laneOf(operation.kind), chain, operation.pin);
    if (!outcome) return outcome;
  }
  return {Refusal::none, ring().create(std::move(operation), id)};
}

Napi::Value RingBinding::start(const Napi::CallbackInfo& info) {
  const uint32_t count = number(info, 0);
  const auto memory = info[1].As<Napi::Array>();
  const uint64_t chain = Ring::nextChain();
  started_.resize(count);
  Leases::Outcome outcome;
  uint32_t made = 0;
  for (uint32_t part = 0; made < count; made++) {
    outcome = create(asked_ + made * kNumbers, memory, part, chain, started_[made]);
    if (!outcome) break;
  }
  const bool full = outcome && ring().start(started_) != 0;
  if (full || !outcome) {
    for (uint32_t i = 0; i < made; i++) ring().discard(started_[i]);
    asked_[0] = static_cast<int32_t>(made);
    return full ? numberOf(info.Env(), kFull) : outcomeOf(info.Env(), outcome);
  }
  for (uint32_t i = 0; i < count; i++) {
    asked_[i * 2] = static_cast<int32_t>(started_[i]);
    asked_[i * 2 + 1] = static_cast<int32_t>(started_[i] >> 32);
  }
  handles_->host.soon();
  settle();
  return numberOf(info.Env(), 0);
}

void RingBinding::cancel(const Napi::CallbackInfo& info) {
  if (handles_ == nullptr) return;
  ring().cancel(uint64_t{number(info, 1)} << 32 | number(info, 0));
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
  std::array<Completion, kBatch> answers;
  const size_t count = ring().take({answers.data(), std::min(answers.size(), room_)});
  int32_t* out = answers_;
  for (size_t i = 0; i < count; i++) {
    *out++ = static_cast<int32_t>(answers[i].id);
    *out++ = static_cast<int32_t>(answers[i].id >> 32);
    *out++ = answers[i].result;
    *out++ = static_cast<int32_t>(answers[i].flags);
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
                                   InstanceMethod<&RingBinding::attach>("attach"),
                                   InstanceMethod<&RingBinding::detach>("detach"),
                                   InstanceMethod<&RingBinding::start>("start"),
                                   InstanceMethod<&RingBinding::cancel>("cancel"),
                                   InstanceMethod<&RingBinding::submit>("submit"),
                                   InstanceMethod<&RingBinding::wait>("wait"),
                                   InstanceMethod<&RingBinding::take>("take"),
                                   InstanceMethod<&RingBinding::chunk>("chunk"),
                                   InstanceMethod<&RingBinding::close>("close")}));
}

}  // namespace lwspool
