// What a peer of permessage-deflate does, right or wrong, with zlib itself.
#pragma once

#include <zlib.h>

#include <string>
#include <string_view>

#include "../../native/core/ws/deflate.h"
#include "ws_frames.h"

namespace lwspool::test {

// A peer's end that compresses.
class Compressor {
 public:
  explicit Compressor(int windowBits = 15, int level = 6) {
    REQUIRE(deflateInit2(&stream_, level, Z_DEFLATED, -windowBits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  }
  ~Compressor() { deflateEnd(&stream_); }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  // The payload of a compressed message.
  std::string message(std::string_view text) {
    std::string out = run(text, Z_SYNC_FLUSH);
    out.resize(out.size() - 4);
    return out;
  }
  std::string run(std::string_view text, int flush) {
    std::string out(deflateBound(&stream_, text.size()) + 64, '\0');
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream_.avail_in = static_cast<uInt>(text.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    ::deflate(&stream_, flush);
    REQUIRE(stream_.avail_in == 0);
    out.resize(out.size() - stream_.avail_out);
    return out;
  }
  void reset() { deflateReset(&stream_); }

 private:
  z_stream stream_{};
};

// A sink that has scratch memory, and takes so much at a time.
struct SteppingSink : RecordingSink {
  explicit SteppingSink(size_t budget = SIZE_MAX, size_t scratchSize = 64)
      : budget_(budget), memory_(scratchSize) {}
  std::span<uint8_t> scratch() { return memory_; }
  size_t decodable() { return budget_; }

 private:
  const size_t budget_;
  Octets memory_;
};

// One end with its decoder, told what was agreed on as the other role would.
struct DeflateEnd {
  explicit DeflateEnd(Role role, std::string_view parameters = "",
                      const DeflateOptions& given = {.threshold = 0},
                      uint64_t maxPayload = UINT64_MAX)
      : options(given),
        deflate(role, options, pool),
        decoder({.role = role, .maxPayload = maxPayload, .extension = &deflate}) {
    if (role == Role::server) {
      REQUIRE(deflate.answer(parameters));
    } else {
      REQUIRE_FALSE(deflate.accept(parameters));
    }
  }

  // Feeds pieces, and goes on where it was suspended.
  template <class Sink>
  const Failure* feed(const Octets& stream, std::span<const size_t> cuts, Sink& sink) {
    size_t from = 0;
    for (size_t i = 0; i <= cuts.size(); ++i) {
      const size_t to = i < cuts.size() ? cuts[i] : stream.size();
      ExactCopy piece(stream.data() + from, to - from);
      const Failure* failure = decoder.feed(piece.data(), piece.size(), sink);
      while (failure == nullptr && decoder.suspended()) {
        failure = decoder.feed(nullptr, 0, sink);
      }
      if (failure != nullptr) return failure;
      from = to;
    }
    return nullptr;
  }

  DeflatePool pool;
  const DeflateOptions options;
  Deflate deflate;
  FrameDecoder decoder;
};

template <class Sink>
Events eventsOf(DeflateEnd& end, const Octets& stream, std::span<const size_t> cuts, Sink&& sink) {
  if (const Failure* failure = end.feed(stream, cuts, sink)) {
    sink.events.push_back(failureEvent(*failure));
  }
  return std::move(sink.events);
}

}  // namespace lwspool::test
