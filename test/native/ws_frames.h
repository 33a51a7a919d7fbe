// Streams of frames for the tests of the decoder, right and wrong ones, and how they are fed.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../../native/core/ws/frame_decoder_feed.h"
#include "support.h"

namespace lwspool::test {

using namespace lwspool::ws;

// A frame in which everything can be wrong; only what is not said follows from the rest.
struct Frame {
  uint8_t first;         // FIN, RSV, opcode
  std::string payload;   // before masking
  int lengthBytes = -1;  // 0, 2 or 8 bytes of extended length; -1: the shortest form
  int64_t length = -1;   // to announce; -1: the payload's
};

// As a peer of `role` receives it: masked when that is a server, unless `masked` says otherwise.
Octets wire(Role role, const Frame& frame, int masked = -1);

Octets wire(Role role, std::initializer_list<Frame> frames);

// The payload of a close frame.
std::string closing(uint16_t code, std::string_view reason = "");

using Events = std::vector<std::string>;

std::string failureEvent(const Failure& failure);

// Writes down what arrives, in words.
struct RecordingSink {
  Events events;
  size_t inPlace = 0;    // messages handed over where they lay
  size_t assembled = 0;  // messages put together aside

  void message(Opcode opcode, const uint8_t* data, size_t size) {
    ++inPlace;
    record(opcode, data, size);
  }
  void message(Opcode opcode, Bytes&& data) {
    ++assembled;
    const Bytes owned = std::move(data);
    record(opcode, owned.data(), owned.size());
  }
  void ping(const uint8_t* data, size_t size) { events.push_back("ping " + toString(data, size)); }
  void pong(const uint8_t* data, size_t size) { events.push_back("pong " + toString(data, size)); }
  void close(uint16_t code, const uint8_t* reason, size_t size) {
    events.push_back("close " + std::to_string(code) + " " + toString(reason, size));
  }

 private:
  void record(Opcode opcode, const uint8_t* data, size_t size) {
    events.push_back((opcode == Opcode::text ? "text " : "binary ") + toString(data, size));
  }
};

// Feeds the stream cut at `cuts` (positions in ascending order), each piece from memory of its
// own, and returns all that came of it, a failure last.
Events feedInPieces(FrameDecoder& decoder, const Octets& stream, std::span<const size_t> cuts);

Events decode(const DecoderOptions& options, const Octets& stream,
              std::span<const size_t> cuts = {});

Events decodeByteByByte(const DecoderOptions& options, const Octets& stream);

inline const DecoderOptions kClient{.role = Role::client};
inline const DecoderOptions kServer{.role = Role::server};

// What both roles make of the same frames; they must agree.
Events decodeBoth(std::initializer_list<Frame> frames, uint64_t maxPayload = UINT64_MAX);

inline Events failing(const Failure& failure) { return {failureEvent(failure)}; }

}  // namespace lwspool::test
