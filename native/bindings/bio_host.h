// BIOs that are JavaScript: defineBio() in src/lease/custom-bio.ts. Their functions run on the
// worker's thread, in the middle of a read or a write of OpenSSL's, while the slot's lock is held:
// see docs/threading.md. What they ask of the pool meanwhile waits until that is over.
#pragma once

#include <napi.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "../core/base/fields.h"
#include "../core/bio/layer.h"

namespace lwspool {

// One for each service; its layers share it and may outlive the environment.
class BioHost : public std::enable_shared_from_this<BioHost> {
 public:
  // As src/lease/custom-bio.ts has them.
  enum class Call : uint8_t { open, read, write, flush, close, settle };

  // `dispatch(call, instance, size, module)` answers a number, see outcome(). Worker thread.
  BioHost(Napi::Function dispatch, void (*wake)(void*), void* waker);
  BioHost(const BioHost&) = delete;
  BioHost& operator=(const BioHost&) = delete;

  // Throws bio::Failure. Worker thread.
  std::shared_ptr<bio::Layer> make(const std::string& module);
  IoResult run(Call call, uint32_t instance, bio::Below& below, uint8_t* out, const uint8_t* bytes,
               size_t size);
  // The layer has gone. Any thread.
  void gone(uint32_t instance);
  // Tells JavaScript of those, and lets promises run that its functions have left. Worker thread,
  // outside of all BIOs.
  void settle();
  // No JavaScript any more: bytes pass. Worker thread.
  void end();

  bool onThread() const { return std::this_thread::get_id() == thread_; }
  bool ended() const { return ended_; }
  // A function of a BIO is running on this thread.
  static bool inside() { return depth_ > 0; }

  // For the functions, through the service: what they were called with, and what lies below.
  Napi::Value bytes(Napi::Env);
  void fill(const uint8_t* bytes, size_t size);
  // -1: retry. Throws a Napi::Error where the connection is lost.
  double below(Napi::Env, bool write, uint8_t* bytes, size_t size);

 private:
  struct Frame {
    bio::Below* below;
    uint8_t* out;
    const uint8_t* bytes;
    size_t size;
    int broken = 0;  // errno of what lies below
    Frame* outer;
  };
  void tell(Call call, uint32_t instance);
  double call(Call call, uint32_t instance, size_t size, const std::string& module);
  IoResult fail(bio::Below& below, const Napi::Error& error);

  static thread_local int depth_;

  const std::thread::id thread_ = std::this_thread::get_id();
  Napi::FunctionReference dispatch_;
  void (*const wake_)(void*);
  void* const waker_;
  std::atomic<bool> ended_{false};
  uint32_t last_ = 0;
  Frame* frame_ = nullptr;
  bool ran_ = false;
  std::mutex mutex_;            // guards gone_
  std::vector<uint32_t> gone_;  // instances whose layers are no more
};

}  // namespace lwspool
