#include "ws_frames.h"

namespace lwspool::test {

Octets wire(Role role, const Frame& frame, int masked) {
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

Octets wire(Role role, std::initializer_list<Frame> frames) {
  Octets out;
  for (const Frame& frame : frames) out = out + wire(role, frame);
  return out;
}

std::string closing(uint16_t code, std::string_view reason) {
  std::string out{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  return out.append(reason);
}

std::string failureEvent(const Failure& failure) {
  return "failure " + std::to_string(failure.code) + " " + failure.reason;
}

Events feedInPieces(FrameDecoder& decoder, const Octets& stream, std::span<const size_t> cuts) {
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

Events decode(const DecoderOptions& options, const Octets& stream, std::span<const size_t> cuts) {
  FrameDecoder decoder(options);
  return feedInPieces(decoder, stream, cuts);
}

Events decodeByteByByte(const DecoderOptions& options, const Octets& stream) {
  std::vector<size_t> cuts;
  for (size_t i = 1; i < stream.size(); ++i) cuts.push_back(i);
  return decode(options, stream, cuts);
}

Events decodeBoth(std::initializer_list<Frame> frames, uint64_t maxPayload) {
  const Events client =
      decode({.role = Role::client, .maxPayload = maxPayload}, wire(Role::client, frames));
  const Events server =
      decode({.role = Role::server, .maxPayload = maxPayload}, wire(Role::server, frames));
  CHECK(client == server);
  return client;
}

}  // namespace lwspool::test
