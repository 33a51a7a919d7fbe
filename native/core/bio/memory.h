// Stands in the place of the socket: what OpenSSL reads was fed by the holder of a lease, and what
// it writes the holder takes, to move both by other means. The holder's thread and, where the lease
// ends early, the worker's may both come: a lock of its own guards it, under which nothing is
// called.
#pragma once

#include <mutex>
#include <string>

#include "../base/out_buffer.h"
#include "layer.h"

namespace lwspool::bio {

class Memory final : public Layer {
 public:
  // Bytes that are kept each way at the most.
  explicit Memory(size_t limit) : limit_(limit) {}

  Kind kind() const override { return Kind::memory; }
  std::shared_ptr<const Layer> copy() const override;
  IoResult read(Below&, uint8_t* out, size_t capacity) override;
  IoResult write(Below&, const uint8_t* bytes, size_t size) override;
  IoResult flush(Below&) override { return {IoResult::Status::done}; }
  size_t kept() const override;
  size_t unread() const override;
  bool detached() const override { return true; }

  // Any thread. How many bytes there was room for.
  size_t feed(const uint8_t* bytes, size_t size);
  // All that waits, or as much as is wanted.
  std::string take(size_t most);
  // Nothing more will be fed: OpenSSL reads the end of the stream.
  void end();

  uint64_t fed() const;
  uint64_t taken() const;

 private:
  const size_t limit_;
  mutable std::mutex mutex_;  // guards all that follows
  OutBuffer in_;
  OutBuffer out_;
  bool ended_ = false;
  uint64_t fed_ = 0;
  uint64_t taken_ = 0;
};

}  // namespace lwspool::bio
