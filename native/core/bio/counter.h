// Counts what passes. Two additions per call; no memory but its own 96 bytes.
#pragma once

#include "layer.h"

namespace lwspool::bio {

struct Traffic {
  uint64_t bytes = 0;
  uint64_t calls = 0;    // that moved bytes
  uint64_t retries = 0;  // that moved none, and have to be repeated
};

class Counter final : public Layer {
 public:
  Kind kind() const override { return Kind::counter; }
  std::shared_ptr<const Layer> copy() const override { return std::make_shared<Counter>(*this); }
  IoResult read(Below& below, uint8_t* out, size_t capacity) override {
    return count(read_, below.read(out, capacity));
  }
  IoResult write(Below& below, const uint8_t* bytes, size_t size) override {
    return count(written_, below.write(bytes, size));
  }
  bool looksOn() const override { return true; }

  const Traffic& reads() const { return read_; }
  const Traffic& writes() const { return written_; }

 private:
  static IoResult count(Traffic& traffic, IoResult result) {
    if (result.status == IoResult::Status::done) {
      traffic.calls++;
      traffic.bytes += result.bytes;
    } else if (result.status == IoResult::Status::again) {
      traffic.retries++;
    }
    return result;
  }

  Traffic read_;
  Traffic written_;
};

}  // namespace lwspool::bio
