// Gathers the records of one turn of the worker's loop into one write. OpenSSL writes each record
// of 16 KiB by itself; here they are copied into one buffer, which leaves when the worker has
// written all that the connection has to send, or earlier when it is full. Costs a copy of what is
// sent, and the buffer while anything is in it. Handshakes and the holder of a lease, who has no
// turns, pass through.
#pragma once

#include <vector>

#include "layer.h"

namespace lwspool::bio {

class Coalesce final : public Layer {
 public:
  explicit Coalesce(size_t limit) : limit_(limit) {}

  Kind kind() const override { return Kind::coalesce; }
  std::shared_ptr<const Layer> copy() const override { return std::make_shared<Coalesce>(*this); }
  IoResult write(Below& below, const uint8_t* bytes, size_t size) override;
  IoResult flush(Below& below) override;
  size_t kept() const override { return buffer_.size() - sent_; }

  // Calls of OpenSSL's, and those that were made of them.
  uint64_t records() const { return records_; }
  uint64_t writes() const { return writes_; }

 private:
  IoResult pass(Below& below, const uint8_t* bytes, size_t size);

  const size_t limit_;
  std::vector<uint8_t> buffer_;
  size_t sent_ = 0;  // of it
  uint64_t records_ = 0;
  uint64_t writes_ = 0;
};

}  // namespace lwspool::bio
