#include "../../native/core/ws/frame_encoder.h"
#include "../../native/core/ws/frame_pieces.h"

#include <doctest/doctest.h>

#include "ws_frames.h"

using namespace lwspool::test;

namespace {

// Writes into memory of exactly the size that was promised.
Octets write(Role role, Opcode opcode, const std::string& payload, bool fin = true,
             uint8_t rsv = 0) {
  MaskSource masks;
  ExactCopy source(payload);
  const Octets zeros(frameSize(role, payload.size()));
  ExactCopy out(zeros.data(), zeros.size());
  const size_t size =
      writeFrame(out.data(), role, opcode, source.data(), payload.size(), &masks, fin, rsv);
  REQUIRE(size == out.size());
  return {out.data(), out.data() + out.size()};
}

Role peerOf(Role role) { return role == Role::client ? Role::server : Role::client; }

constexpr Role kRoles[] = {Role::client, Role::server};

}  // namespace

TEST_CASE("encoder: headers, byte for byte") {
  const auto header = [](uint64_t length, uint8_t rsv = 0, const uint32_t* key = nullptr) {
    uint8_t out[kMaxHeaderSize];
    const size_t size = encodeHeader(out, Opcode::binary, true, length, rsv, key);
    return Octets(out, out + size);
  };
  CHECK(header(0) == Octets{0x82, 0});
  CHECK(header(125) == Octets{0x82, 125});
  CHECK(header(126) == Octets{0x82, 126, 0, 126});
  CHECK(header(65535) == Octets{0x82, 126, 0xFF, 0xFF});
  CHECK(header(65536) == Octets{0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0});
  CHECK(header(0x0123456789ABCDEF) ==
        Octets{0x82, 127, 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF});
  CHECK(header(3, kRsv1) == Octets{0xC2, 3});
  const uint8_t bytes[4] = {1, 2, 3, 4};
  uint32_t key;
  std::memcpy(&key, bytes, 4);
  CHECK(header(125, 0, &key) == Octets{0x82, 0x80 | 125, 1, 2, 3, 4});
  CHECK(header(126, 0, &key) == Octets{0x82, 0x80 | 126, 0, 126, 1, 2, 3, 4});
  CHECK(header(65536, 0, &key).size() == kMaxHeaderSize);
}

TEST_CASE("encoder: a server's frames, byte for byte") {
  CHECK(write(Role::server, Opcode::text, "Hello") == octets("\x81\x05Hello"));
  CHECK(write(Role::server, Opcode::text, "Hel", false) == octets("\x01\x03Hel"));
  CHECK(write(Role::server, Opcode::continuation, "lo") == octets("\x80\x02lo"));
  CHECK(write(Role::server, Opcode::ping, "") == Octets{0x89, 0});
  CHECK(write(Role::server, Opcode::binary, "z", true, kRsv1) == octets("\xC2\x01z"));
}

TEST_CASE("encoder: what it writes, the decoder of the other side reads") {
  for (const Role role : kRoles) {
    for (const size_t size :
         {0u, 1u, 2u, 3u, 4u, 5u, 63u, 64u, 65u, 125u, 126u, 127u, 65535u, 65536u, 100000u}) {
      std::string payload(size, '\0');
      for (size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 31 + i / 256);
      const Octets stream = write(role, Opcode::binary, payload) +
                            write(role, Opcode::text, "a", false) +
                            write(role, Opcode::pong, payload.substr(0, 125)) +
                            write(role, Opcode::continuation, "b");
      CHECK(decode({.role = peerOf(role)}, stream) ==
            Events{"binary " + payload, "pong " + payload.substr(0, 125), "text ab"});
    }
  }
}

TEST_CASE("encoder: a client masks, each frame with another key") {
  const Octets first = write(Role::client, Opcode::text, "Hello");
  const Octets second = write(Role::client, Opcode::text, "Hello");
  CHECK((first[1] & 0x80) != 0);
  CHECK(first.size() == 2 + 4 + 5);
  CHECK(first != second);
}

TEST_CASE("encoder: written piece by piece, a frame is what it is in one") {
  std::mt19937_64 random(seed());
  for (const Role role : kRoles) {
    for (const size_t size : {0u, 1u, 125u, 126u, 65'535u, 65'536u, 100'003u}) {
      for (int run = 0; run < 5; run++) {
        std::string payload(size, '\0');
        for (char& byte : payload) byte = static_cast<char>(random());
        ExactCopy source(payload);
        MaskSource masks;
        FramePieces frame(role, Opcode::binary, source.data(), size, &masks);
        CHECK_EQ(frame.left(), frameSize(role, size));
        CHECK_EQ(frame.header(), frameSize(role, size) - size);
        Octets joined;
        size_t room = kMaxHeaderSize;
        while (frame.left() > 0) {
          const Octets zeros(room);
          ExactCopy piece(zeros.data(), room);
          const size_t written = frame.next(piece.data(), room);
          REQUIRE_GT(written, 0);
          REQUIRE_LE(written, room);
          joined.insert(joined.end(), piece.data(), piece.data() + written);
          room = 1 + random() % (size / 3 + 1);
        }
        CHECK_EQ(frame.header(), 0);
        CHECK_EQ(joined.size(), frameSize(role, size));
        CHECK(decode({.role = peerOf(role)}, joined) == Events{"binary " + payload});
      }
    }
  }
}

TEST_CASE("encoder: close frames") {
  const auto closed = [](Role role, uint16_t code, std::string_view reason) {
    MaskSource masks;
    uint8_t out[kMaxControlFrame];
    const size_t size = writeClose(out, role, code, reason, &masks);
    return decode({.role = peerOf(role)}, Octets(out, out + size));
  };
  for (const Role role : kRoles) {
    CHECK(closed(role, 1000, "") == Events{"close 1000 "});
    CHECK(closed(role, 1005, "") == Events{"close 1005 "});
    CHECK(closed(role, 4999, "Grüße") == Events{"close 4999 Grüße"});
    const std::string longest(kMaxCloseReason, 'r');
    CHECK(closed(role, 1001, longest) == Events{"close 1001 " + longest});
  }
}

TEST_CASE("encoder: what an application may close with") {
  for (const uint16_t code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013,
                              1014, 3000, 3999, 4000, 4999}) {
    CHECK(maySendClose(code, ""));
  }
  for (const uint16_t code : {0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535}) {
    CHECK_FALSE(maySendClose(code, ""));
  }
  CHECK(maySendClose(1000, std::string(123, 'r')));
  CHECK_FALSE(maySendClose(1000, std::string(124, 'r')));
  CHECK(maySendClose(1000, "Grüße"));
  CHECK_FALSE(maySendClose(1000, "\xC3"));
}
