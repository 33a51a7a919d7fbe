#include "recorder.h"

#include <time.h>

#include <algorithm>
#include <cstring>

namespace lwspool::bio {

namespace {

constexpr size_t kHeader = 5;
// 2^14 bytes and what encryption may add (RFC 5246, 6.2.3; RFC 8446, 5.2).
constexpr size_t kLongest = 16'384 + 2'048;

double wallClock() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

size_t lengthIn(const uint8_t* header) { return size_t{header[3]} << 8 | header[4]; }

bool plausible(const uint8_t* header) {
  return header[0] >= 20 && header[0] <= 24 && header[1] == 3 && lengthIn(header) <= kLongest;
}

}  // namespace

IoResult Recorder::read(Below& below, uint8_t* out, size_t capacity) {
  const IoResult result = below.read(out, capacity);
  if (result.status == IoResult::Status::done) take(incoming_, false, out, result.bytes);
  return result;
}

IoResult Recorder::write(Below& below, const uint8_t* bytes, size_t size) {
  const IoResult result = below.write(bytes, size);
  if (result.status == IoResult::Status::done) take(outgoing_, true, bytes, result.bytes);
  return result;
}

void Recorder::take(Parser& parser, bool sent, const uint8_t* bytes, size_t size) {
  double time = 0;
  while (size > 0 && !parser.lost) {
    if (parser.have < kHeader) {
      const size_t part = std::min(size, kHeader - parser.have);
      std::memcpy(parser.header + parser.have, bytes, part);
      parser.have = static_cast<uint8_t>(parser.have + part);
      bytes += part;
      size -= part;
      if (parser.have < kHeader) return;
      parser.missing = lengthIn(parser.header);
      parser.lost = !plausible(parser.header);
      if (parser.lost) return;
    }
    const size_t part = std::min(size, parser.missing);
    parser.missing -= part;
    bytes += part;
    size -= part;
    if (parser.missing > 0) return;
    if (time == 0) time = wallClock();
    note(parser, sent, time);
    parser.have = 0;
  }
}

void Recorder::note(const Parser& parser, bool sent, double time) {
  const TlsRecord record{time, static_cast<uint16_t>(lengthIn(parser.header)), parser.header[0],
                         sent};
  if (ring_.size() < capacity_) {
    if (ring_.empty()) ring_.reserve(capacity_);
    ring_.push_back(record);
  } else {
    ring_[total_ % capacity_] = record;
  }
  total_++;
}

std::vector<TlsRecord> Recorder::records() const {
  std::vector<TlsRecord> list(ring_);
  if (total_ > capacity_) {
    std::rotate(list.begin(), list.begin() + static_cast<ptrdiff_t>(total_ % capacity_),
                list.end());
  }
  return list;
}

}  // namespace lwspool::bio
