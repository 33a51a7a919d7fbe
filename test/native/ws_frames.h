// Streams of frames for the tests of the decoder, right and wrong ones, and how they are fed.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../../native/core/ws/frame_decoder.h"
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
inline Octets wire(Role role, const Frame& frame, int masked = -1) {
  const uint64_t length =
      frame.length < 0 ? frame.payload.size() : static_cast<uint64_t>(frame.length);
  int extended = frame.lengthBytes;
  if (extended < 0) extended = length < 126 ? 0 : length < 65536 ? 2 : 8;
  const bool mask = masked < 0 ? role == Role::server : masked > 0;
  Octets out{frame.first};
  const uint8_t code = extended == 8 ? 127 : extended == 2 ? 126 : static_cast<uint8_t>(length);
  out.push_back(static_cast<uint8_t>((mask ? 0x80 : 0) | code));
  for (int i = extended - 1; i >= 0; --i) out.push_back(static_cast<uint8_t>(length >> (8 * i)));
  const uint8_t key[4] = {0x37, 0xFA, 0x21, 0x3D};
  if (mask) out.insert(out.end(), key, key + 4);
  for (size_t i = 0; i < frame.payload.size(); ++i) {
    const auto byte = static_cast<uint8_t>(frame.payload[i]);
    out.push_back(mask ? static_cast<uint8_t>(byte ^ key[i % 4]) : byte);
  }
  return out;
}

inline Octets wire(Role role, std::initializer_list<Frame> frames) {
  Octets out;
  for (const Frame& frame : frames) out = out + wire(role, frame);
  return out;
}

// The payload of a close frame.
inline std::string closing(uint16_t code, std::string_view reason = "") {
  std::string out{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  return out.append(reason);
}

using Events = std::vector<std::string>;

inline std::string failureEvent(const Failure& failure) {
  return "failure " + std::to_string(failure.code) + " " + failure.reason;
}

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
inline Events feedInPieces(FrameDecoder& decoder, const Octets& stream,
                           std::span<const size_t> cuts) {
  RecordingSink sink;
  size_t from = 0;
  for (size_t i = 0; i <= cuts.size(); ++i) {
    const size_t to = i < cuts.size() ? cuts[i] : stream.size();
    ExactCopy piece(stream.data() + from, to - from);
    if (const Failure* failure = decoder.feed(piece.data(), piece.size(), sink)) {
      sink.events.push_back(failureEvent(*failure));
    }
    from = to;
  }
  return std::move(sink.events);
}

inline Events decode(const DecoderOptions& options, const Octets& stream,
                     std::span<const size_t> cuts = {}) {
  FrameDecoder decoder(options);
  return feedInPieces(decoder, stream, cuts);
}

inline Events decodeByteByByte(const DecoderOptions& options, const Octets& stream) {
  std::vector<size_t> cuts;
  for (size_t i = 1; i < stream.size(); ++i) cuts.push_back(i);
  return decode(options, stream, cuts);
}

inline const DecoderOptions kClient{.role = Role::client};
inline const DecoderOptions kServer{.role = Role::server};

// What both roles make of the same frames; they must agree.
inline Events decodeBoth(std::initializer_list<Frame> frames, uint64_t maxPayload = UINT64_MAX) {
  const Events client =
      decode({.role = Role::client, .maxPayload = maxPayload}, wire(Role::client, frames));
  const Events server =
      decode({.role = Role::server, .maxPayload = maxPayload}, wire(Role::server, frames));
  CHECK(client == server);
  return client;
}

inline Events failing(const Failure& failure) { return {failureEvent(failure)}; }

}  // namespace lwspool::test
