#include "bio_host.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "../core/base/errno_name.h"
#include "../core/bio/chain.h"
#include "../core/bio/spec.h"

namespace lwspool {

namespace {

using Status = IoResult::Status;

constexpr double kRetry = -1;

class ScriptLayer final : public bio::Layer {
 public:
  ScriptLayer(std::shared_ptr<BioHost> host, uint32_t instance)
      : host_(std::move(host)), instance_(instance) {}
  ~ScriptLayer() override { host_->gone(instance_); }
  ScriptLayer(const ScriptLayer&) = delete;
  ScriptLayer& operator=(const ScriptLayer&) = delete;

  bio::Kind kind() const override { return bio::Kind::custom; }
  std::shared_ptr<const Layer> copy() const override;
  bool bound() const override { return !host_->ended(); }
  IoResult read(bio::Below& below, uint8_t* out, size_t capacity) override {
    if (host_->ended()) return below.read(out, capacity);
    return host_->run(BioHost::Call::read, instance_, below, out, nullptr, capacity);
  }
  IoResult write(bio::Below& below, const uint8_t* bytes, size_t size) override {
    if (host_->ended()) return below.write(bytes, size);
    return host_->run(BioHost::Call::write, instance_, below, nullptr, bytes, size);
  }
  IoResult flush(bio::Below& below) override {
    if (host_->ended()) return {Status::done};
    return host_->run(BioHost::Call::flush, instance_, below, nullptr, nullptr, 0);
  }

 private:
  const std::shared_ptr<BioHost> host_;
  const uint32_t instance_;
};

// What its figures are read from; there are none.
class ScriptFigures final : public bio::Layer {
 public:
  bio::Kind kind() const override { return bio::Kind::custom; }
  std::shared_ptr<const Layer> copy() const override { return nullptr; }
};

std::shared_ptr<const bio::Layer> ScriptLayer::copy() const {
  return std::make_shared<ScriptFigures>();
}

std::string stackOf(const Napi::Error& error) {
  try {
    const Napi::Value stack = error.Value().Get("stack");
    if (stack.IsString()) return stack.As<Napi::String>().Utf8Value();
  } catch (const Napi::Error&) {
    // A getter of the user's, which throws as well.
  }
  return error.Message();
}

}  // namespace

thread_local int BioHost::depth_ = 0;

BioHost::BioHost(Napi::Function dispatch, void (*wake)(void*), void* waker)
    : dispatch_(Napi::Persistent(dispatch)), wake_(wake), waker_(waker) {}

// Not by napi_make_callback(), at whose end promises and ticks would run: user code that has
// nothing to do with the BIO, under the lock.
double BioHost::call(Call call, uint32_t instance, size_t size, const std::string& module) {
  const Napi::Env env = dispatch_.Env();
  depth_++;
  ran_ = true;
  try {
    const Napi::Value answer = dispatch_.Value().Call(
        {Napi::Number::New(env, static_cast<double>(call)), Napi::Number::New(env, instance),
         Napi::Number::New(env, static_cast<double>(size)), Napi::String::New(env, module)});
    depth_--;
    return answer.As<Napi::Number>().DoubleValue();
  } catch (...) {
    depth_--;
    throw;
  }
}

std::shared_ptr<bio::Layer> BioHost::make(const std::string& module) {
  if (ended_) throw bio::Failure("the worker is about to end", "");
  Napi::HandleScope scope(dispatch_.Env());
  const uint32_t instance = ++last_;
  try {
    call(Call::open, instance, 0, module);
  } catch (const Napi::Error& error) {
    throw bio::Failure(error.Message(), stackOf(error));
  }
  return std::make_shared<ScriptLayer>(shared_from_this(), instance);
}

IoResult BioHost::fail(bio::Below& below, const Napi::Error& error) {
  ErrorInfo& fault = below.chain().fault;
  if (!fault) {
    fault.code = "ERR_BIO";
    fault.fields.set("reason", error.Message()).set("thrown", stackOf(error));
  }
  return {Status::broken, 0, EIO};
}

IoResult BioHost::run(Call kind, uint32_t instance, bio::Below& below, uint8_t* out,
                      const uint8_t* bytes, size_t size) {
  if (!onThread()) return {Status::broken, 0, EPERM};
  if (below.chain().fault) return {Status::broken, 0, EIO};
  Napi::HandleScope scope(dispatch_.Env());
  Frame frame{&below, out, bytes, size, 0, frame_};
  frame_ = &frame;
  IoResult result{Status::again};
  try {
    const double answer = call(kind, instance, size, {});
    if (answer > 0) {
      result = {Status::done, static_cast<size_t>(answer)};
    } else if (answer != kRetry) {
      result = {kind == Call::read ? Status::ended : Status::done};
    }
  } catch (const Napi::Error& error) {
    result = frame.broken != 0 ? IoResult{Status::broken, 0, frame.broken} : fail(below, error);
  }
  frame_ = frame.outer;
  return result;
}

void BioHost::gone(uint32_t instance) {
  std::lock_guard lock(mutex_);
  if (ended_) return;
  gone_.push_back(instance);
  wake_(waker_);
}

void BioHost::settle() {
  std::vector<uint32_t> gone;
  {
    std::lock_guard lock(mutex_);
    gone.swap(gone_);
  }
  for (const uint32_t instance : gone) tell(Call::close, instance);
  if (std::exchange(ran_, false) && gone.empty()) tell(Call::settle, 0);
}

// From the loop, and with a callback scope: promises and ticks run at its end.
void BioHost::tell(Call call, uint32_t instance) {
  if (ended_) return;
  const Napi::Env env = dispatch_.Env();
  Napi::HandleScope scope(env);
  napi_value arguments[] = {Napi::Number::New(env, static_cast<double>(call)),
                            Napi::Number::New(env, instance)};
  napi_value result;
  const napi_status status =
      napi_make_callback(env, nullptr, env.Global(), dispatch_.Value(), 2, arguments, &result);
  if (status != napi_pending_exception) return;
  napi_value exception;
  napi_get_and_clear_last_exception(env, &exception);
  napi_fatal_exception(env, exception);
}

void BioHost::end() {
  std::lock_guard lock(mutex_);
  ended_ = true;
  dispatch_.Reset();
}

Napi::Value BioHost::bytes(Napi::Env env) {
  if (frame_ == nullptr || frame_->bytes == nullptr) return env.Undefined();
  return Napi::Buffer<uint8_t>::Copy(env, frame_->bytes, frame_->size);
}

void BioHost::fill(const uint8_t* bytes, size_t size) {
  if (frame_ == nullptr || frame_->out == nullptr || size > frame_->size) return;
  std::memcpy(frame_->out, bytes, size);
}

double BioHost::below(Napi::Env env, bool write, uint8_t* bytes, size_t size) {
  if (frame_ == nullptr) {
    throw Napi::Error::New(env,
                           "read() and write() of a BIO are for its own functions, while they run");
  }
  Frame& frame = *frame_;
  const IoResult result = write ? frame.below->write(bytes, size) : frame.below->read(bytes, size);
  switch (result.status) {
    case Status::done:
      return static_cast<double>(result.bytes);
    case Status::again:
      return kRetry;
    case Status::ended:
    case Status::truncated:
      return 0;
    case Status::broken:
      break;
  }
  frame.broken = result.error;
  throw Napi::Error::New(env,
                         std::string("the connection is lost (") + errnoName(result.error) + ")");
}

}  // namespace lwspool
