// Large payloads that are read to where their messages lie, without passing through feed().
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "../../native/core/ws/frame_decoder.h"
#include "support.h"
#include "ws_frames.h"

using namespace lwspool::test;

namespace {

constexpr size_t kLarge = 16 * 1024;

// Takes the stream in as a reader does: into the room there is, and what is left of `most` bytes
// is fed. `roomy` counts what went into room.
Events readInto(FrameDecoder& decoder, const Octets& stream, std::mt19937_64& random, size_t most,
                size_t& roomy) {
  RecordingSink sink;
  const uint8_t* at = stream.data();
  const uint8_t* const end = at + stream.size();
  while (at != end) {
    const size_t arrived = std::min<size_t>(1 + random() % most, static_cast<size_t>(end - at));
    const std::span<uint8_t> room = decoder.room();
    const size_t placed = std::min(arrived, room.size());
    const Failure* failure = nullptr;
    if (placed > 0) {
      std::memcpy(room.data(), at, placed);
      roomy += placed;
      failure = decoder.filled(placed, sink);
    }
    if (failure == nullptr && arrived > placed) {
      ExactCopy rest(at + placed, arrived - placed);
      failure = decoder.feed(rest.data(), rest.size(), sink);
    }
    if (failure != nullptr) sink.events.push_back(failureEvent(*failure));
    at += arrived;
  }
  return std::move(sink.events);
}

// Both ways to take the stream in come to the same.
void compare(const DecoderOptions& options, const Octets& stream, bool expectRoom) {
  const Events fed = decode(options, stream);
  std::mt19937_64 random(seed());
  for (const size_t most : {100u, 5'000u, 70'000u, 400'000u}) {
    CAPTURE(most);
    FrameDecoder decoder(options);
    size_t roomy = 0;
    CHECK(readInto(decoder, stream, random, most, roomy) == fed);
    if (expectRoom && most < kLarge) CHECK(roomy > 0);
  }
}

std::string umlauts(size_t size) {
  std::string text;
  while (text.size() < size) text += "\xC3\xA4\xE2\x82\xAC";
  return text;
}

}  // namespace

TEST_CASE("room: messages of any size, fragments, and control frames between them") {
  for (const Role role : {Role::client, Role::server}) {
    compare({.role = role},
            wire(role, {{0x82, std::string(kLarge * 3, 'a')},
                        {0x81, umlauts(kLarge * 2)},
                        {0x01, umlauts(kLarge + 3)},
                        {0x89, "ping"},
                        {0x00, umlauts(kLarge * 4)},
                        {0x80, "end"},
                        {0x82, "small"},
                        {0x82, std::string(3 << 20, 'b')},
                        {0x88, closing(1000)}}),
            true);
  }
}

TEST_CASE("room: a text that is not UTF-8 is refused where it stops being") {
  std::string broken = umlauts(kLarge * 4);
  broken[kLarge * 3] = '\xFF';
  for (const Role role : {Role::client, Role::server}) {
    compare({.role = role}, wire(role, {{0x81, broken}, {0x82, "never"}}), true);
  }
}

TEST_CASE("room: there is none for small payloads, headers and control frames") {
  for (const Octets& stream : {wire(Role::client, {{0x82, std::string(kLarge - 1, 'x')}}),
                               octets("\x82"), octets("\x82\x7F"), octets("\x89\x05ping")}) {
    FrameDecoder decoder(kClient);
    RecordingSink sink;
    Octets piece(stream.begin(), stream.begin() + std::min<ptrdiff_t>(12, std::ssize(stream)));
    CHECK(decoder.feed(piece.data(), piece.size(), sink) == nullptr);
    CHECK(decoder.room().empty());
  }
}

TEST_CASE("room: never reaches beyond the frame, nor beyond what was announced") {
  Octets stream = wire(Role::client, {{0x82, std::string(kLarge * 2, 'x')}, {0x82, "next"}});
  FrameDecoder decoder(kClient);
  RecordingSink sink;
  decoder.feed(stream.data(), 1000, sink);
  CHECK(decoder.room().size() == decoder.wanted());
  CHECK(decoder.allocated() == kLarge * 2);
}

TEST_CASE("room: many bytes are read at once until a message is large") {
  FrameDecoder decoder(kClient);
  RecordingSink sink;
  Octets large = wire(Role::client, {{0x82, std::string(kLarge, 'x')}});
  Octets small = wire(Role::client, {{0x82, "x"}});
  CHECK(decoder.readAhead(1 << 17) == 1 << 17);
  decoder.feed(large.data(), large.size(), sink);
  CHECK(decoder.readAhead(1 << 17) < kLarge);
  CHECK(decoder.readAhead(2) == 2);
  decoder.feed(small.data(), small.size(), sink);
  CHECK(decoder.readAhead(1 << 17) == 1 << 17);
}
