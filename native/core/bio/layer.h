// One BIO of ours in the chain of a connection: it sits between OpenSSL and the socket BIO, which
// stays at the end (socket.h). What it may do at a time is decided by whoever has the
// right to use the SSL object (../cell/lease_cell.h): it is never called by two threads at once,
// and needs no lock of its own.
#pragma once

#include <openssl/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "../base/io_result.h"

namespace lwspool::bio {

class Chain;

enum class Kind : uint8_t { counter, recorder, capture, fault, coalesce, memory, custom };

// As the option `type` names them.
inline const char* nameOf(Kind kind) {
  constexpr const char* kNames[] = {"counter",  "recorder", "capture", "fault",
                                    "coalesce", "memory",   "custom"};
  return kNames[static_cast<size_t>(kind)];
}

// What lies beneath a layer, for the length of one call.
class Below {
 public:
  // `end`: it is no layer of ours that lies there.
  Below(BIO* next, bool end, Chain& chain) : next_(next), end_(end), chain_(chain) {}
  Below(const Below&) = delete;
  Below& operator=(const Below&) = delete;

  // As BIO_read(3) and BIO_write(3): moves what can be moved without waiting. `done` has moved at
  // least one byte.
  IoResult read(uint8_t* out, size_t capacity);
  IoResult write(const uint8_t* bytes, size_t size);
  Chain& chain() { return chain_; }

 private:
  IoResult outcome(int result);

  BIO* const next_;
  const bool end_;
  Chain& chain_;
};

class Layer {
 public:
  virtual ~Layer() = default;
  virtual Kind kind() const = 0;
  // One with the same figures, which belongs to nobody and is never called.
  virtual std::shared_ptr<const Layer> copy() const = 0;

  // Both answer what Below answers. `again` of its own making is noticed: the worker then waits for
  // a while and not for the descriptor, see Chain::ownRetries().
  virtual IoResult read(Below& below, uint8_t* out, size_t capacity) {
    return below.read(out, capacity);
  }
  virtual IoResult write(Below& below, const uint8_t* bytes, size_t size) {
    return below.write(bytes, size);
  }
  // Sends on what write() has taken and kept; `done`: nothing is kept any more.
  virtual IoResult flush(Below&) { return {IoResult::Status::done}; }
  // Bytes that write() has taken and not sent on.
  virtual size_t kept() const { return 0; }
  // Bytes that were taken from below and not given out.
  virtual size_t unread() const { return 0; }
  // It reads record by record, so it has to begin where one does.
  virtual bool wantsBoundary() const { return false; }
  // It may be called on the worker's thread alone.
  virtual bool bound() const { return false; }
  // It only looks on: it asks what lies below at once, and answers what that has answered.
  virtual bool looksOn() const { return false; }
  // It moves nothing through what lies below it.
  virtual bool detached() const { return false; }

  // Whether it was part of no chain; now it is. Any thread.
  bool join() { return !joined_.exchange(true); }
  void leave() { joined_ = false; }

 protected:
  Layer() = default;
  Layer(const Layer&) {}  // a copy is part of none

 private:
  std::atomic<bool> joined_{false};
};

}  // namespace lwspool::bio
