// Does to a connection what a network does on a bad day, for chaos tests: short reads and writes,
// retries, delays, a changed byte, a reset. One draw of a generator for each call and fault asked
// for; what is written is copied where a byte of it is to be changed.
#pragma once

#include <vector>

#include "layer.h"
#include "spec.h"

namespace lwspool::bio {

class Fault final : public Layer {
 public:
  // `number` tells apart the BIOs that were made of the same options.
  Fault(const FaultOptions& options, uint64_t number);

  Kind kind() const override { return Kind::fault; }
  std::shared_ptr<const Layer> copy() const override { return std::make_shared<Fault>(*this); }
  IoResult read(Below& below, uint8_t* out, size_t capacity) override;
  IoResult write(Below& below, const uint8_t* bytes, size_t size) override;

  // With that seed and a number of 0 it would do the same.
  uint64_t seed() const { return seed_; }
  // So many calls were made short, put off or held up; bytes were changed; it was reset.
  uint64_t injected() const { return injected_; }

 private:
  bool strikes(double probability);
  uint64_t draw();
  size_t shortened(size_t size, double probability);
  // A call that is put off, for as long as the delay lasts or for once.
  bool putOff(Below& below);
  bool reset() const;
  // What may pass before the connection is reset.
  size_t within(size_t size) const;

  const FaultOptions options_;
  const uint64_t seed_;
  uint64_t state_;
  uint64_t read_ = 0;
  uint64_t written_ = 0;
  uint64_t injected_ = 0;
  uint64_t until_ = 0;  // ms: nothing passes before
  std::vector<uint8_t> changed_;
};

}  // namespace lwspool::bio
