#include "fault.h"

#include <algorithm>
#include <cerrno>

#include "../base/clock.h"
#include "chain.h"

namespace lwspool::bio {

namespace {

using Status = IoResult::Status;

constexpr uint64_t kStep = 0x9e3779b97f4a7c15;

// splitmix64, whose successive states are a step apart.
uint64_t mix(uint64_t state) {
  state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
  state = (state ^ (state >> 27)) * 0x94d049bb133111eb;
  return state ^ (state >> 31);
}

// 53 bits, so that it passes through a number of JavaScript.
uint64_t seedOf(uint64_t seed, uint64_t number) {
  return number == 0 ? seed : mix(seed + number * kStep) >> 11;
}

}  // namespace

Fault::Fault(const FaultOptions& options, uint64_t number)
    : options_(options), seed_(seedOf(options.seed, number)), state_(seed_) {}

uint64_t Fault::draw() {
  state_ += kStep;
  return mix(state_);
}

bool Fault::strikes(double probability) {
  if (probability <= 0) return false;
  const bool hit = static_cast<double>(draw() >> 11) * 0x1p-53 < probability;
  if (hit) injected_++;
  return hit;
}

size_t Fault::shortened(size_t size, double probability) {
  if (size < 2 || !strikes(probability)) return size;
  return 1 + draw() % (size - 1);
}

bool Fault::putOff(Below& below) {
  const uint64_t now = options_.delays > 0 ? monotonicNow() : 0;
  if (until_ <= now && strikes(options_.delays)) until_ = now + options_.delay;
  if (until_ > now) {
    below.chain().retryAfter(static_cast<uint32_t>(until_ - now));
    return true;
  }
  return strikes(options_.retries);
}

bool Fault::reset() const {
  return options_.resetAfter >= 0 && read_ + written_ >= static_cast<uint64_t>(options_.resetAfter);
}

size_t Fault::within(size_t size) const {
  if (options_.resetAfter < 0) return size;
  const uint64_t left = static_cast<uint64_t>(options_.resetAfter) - read_ - written_;
  return static_cast<size_t>(std::min<uint64_t>(size, left));
}

IoResult Fault::read(Below& below, uint8_t* out, size_t capacity) {
  if (reset()) return {Status::broken, 0, ECONNRESET};
  if (putOff(below)) return {Status::again};
  const IoResult result = below.read(out, within(shortened(capacity, options_.shortReads)));
  if (result.status != Status::done) return result;
  const uint64_t at = static_cast<uint64_t>(options_.corruptRead);
  if (options_.corruptRead >= 0 && at >= read_ && at - read_ < result.bytes) {
    out[at - read_] ^= 0x55;
    injected_++;
  }
  read_ += result.bytes;
  return result;
}

IoResult Fault::write(Below& below, const uint8_t* bytes, size_t size) {
  if (reset()) return {Status::broken, 0, ECONNRESET};
  if (putOff(below)) return {Status::again};
  const size_t count = within(shortened(size, options_.shortWrites));
  const uint64_t at = static_cast<uint64_t>(options_.corruptWrite);
  const bool changes = options_.corruptWrite >= 0 && at >= written_ && at - written_ < count;
  if (changes) {
    changed_.assign(bytes, bytes + count);
    changed_[at - written_] ^= 0x55;
    bytes = changed_.data();
  }
  const IoResult result = below.write(bytes, count);
  if (result.status != Status::done) return result;
  if (changes && at - written_ < result.bytes) injected_++;
  written_ += result.bytes;
  return result;
}

}  // namespace lwspool::bio
