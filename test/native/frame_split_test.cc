// However a stream is cut into reads, the same comes of it.
#include <doctest/doctest.h>

#include "reference_decoder.h"
#include "ws_frames.h"

using namespace lwspool::test;

namespace {

// Streams with every kind of frame, and with every way to fail.
std::vector<Octets> corpus(Role role) {
  const auto stream = [role](std::initializer_list<Frame> frames) { return wire(role, frames); };
  const std::string mixed = "ASCII, dann Grüße, καί, 漢字 und 😀 for more than sixty-four bytes";
  std::vector<Octets> out = {
      stream({{0x81, "Hello"}, {0x82, std::string("\0\1\2\xFF", 4)}, {0x81, ""}, {0x81, mixed}}),
      stream({{0x01, mixed}, {0x89, "ping"}, {0x00, mixed}, {0x8A, "pong"}, {0x80, mixed}}),
      stream({{0x02, ""}, {0x89, ""}, {0x00, ""}, {0x80, ""}, {0x01, ""}, {0x80, "x"}}),
      stream({{0x01, "\xF0"}, {0x00, "\x9F"}, {0x89, "?"}, {0x00, "\x98"}, {0x80, "\x80!"}}),
      stream({{0x82, std::string(125, 'a')}, {0x82, std::string(126, 'b')}, {0x89, "."}}),
      stream({{0x81, std::string(127, 'a')}, {0x02, std::string(130, 'b')}, {0x80, "c"}}),
      stream({{0x89, std::string(125, 'p')}, {0x8A, std::string(125, 'q')}, {0x82, "end"}}),
      stream({{0x81, "a"}, {0x88, ""}, {0x81, "late"}}),
      stream({{0x02, "a"}, {0x88, closing(1000, "Grüße")}, {0x83, "late"}}),
      stream({{0x81, "a"}, {0x88, "\x03"}}),
      stream({{0x81, "a"}, {0x88, closing(1005)}}),
      stream({{0x81, "a"}, {0x88, closing(4000, "bad \xC3\x28 reason")}}),
      stream({{0x81, "a"}, {0x88, closing(1001, "cut \xE2\x82")}}),
      stream({{0x81, mixed + "\xED\xA0\x80" + mixed}, {0x81, "late"}}),
      stream({{0x81, mixed + "\xE2\x82"}, {0x81, "late"}}),
      stream({{0x01, mixed + "\xE2"}, {0x80, "\x82("}, {0x81, "late"}}),
      stream({{0x81, "a"}, {0xC1, "rsv1"}}),
      stream({{0x81, "a"}, {0x91, "rsv3"}}),
      stream({{0x81, "a"}, {0x83, "reserved"}}),
      stream({{0x81, "a"}, {0x8B, "reserved"}}),
      stream({{0x81, "a"}, {0x09, "fragmented"}}),
      stream({{0x81, "a"}, {0x89, std::string(126, 'x')}}),
      stream({{0x81, "a"}, {0x82, "not minimal", 2}}),
      stream({{0x81, "a"}, {0x82, std::string(300, 'x'), 8}}),
      stream({{0x81, "a"}, {0x80, "stray"}}),
      stream({{0x01, "a"}, {0x89, "b"}, {0x81, "missing"}}),
      stream({{0x82, std::string(2000, 'x')}, {0x82, std::string(2001, 'y')}}),  // over the limit
      stream({{0x02, std::string(1999, 'x')}, {0x00, "y"}, {0x80, "z"}}),
  };
  out.push_back(stream({{0x81, "a"}}) + wire(role, Frame{0x81, "mask"}, role == Role::client));
  return out;
}

DecoderOptions limited(Role role) { return {.role = role, .maxPayload = 2000}; }

}  // namespace

TEST_CASE("split: every stream cut in two at every place, and into single bytes") {
  for (const Role role : {Role::client, Role::server}) {
    size_t number = 0;
    for (const Octets& stream : corpus(role)) {
      CAPTURE(number);
      const Events whole = decode(limited(role), stream);
      REQUIRE(whole == referenceDecode(limited(role), stream));
      for (size_t cut = 0; cut <= stream.size(); ++cut) {
        if (decode(limited(role), stream, std::array{cut}) != whole) FAIL("cut at ", cut);
      }
      REQUIRE(decodeByteByByte(limited(role), stream) == whole);
      ++number;
    }
  }
}

TEST_CASE("split: short streams cut in three at every pair of places") {
  for (const Role role : {Role::client, Role::server}) {
    for (const Octets& stream : corpus(role)) {
      if (stream.size() > 150) continue;
      const Events whole = decode(limited(role), stream);
      for (size_t a = 0; a <= stream.size(); ++a) {
        for (size_t b = a; b <= stream.size(); ++b) {
          if (decode(limited(role), stream, std::array{a, b}) != whole) {
            FAIL("cut at ", a, " and ", b);
          }
        }
      }
    }
  }
}

TEST_CASE("split: long frames cut around their headers, and here and there") {
  for (const Role role : {Role::client, Role::server}) {
    for (const size_t size : {65535u, 65536u, 70000u}) {
      std::string text;
      while (text.size() + 4 <= size) text += "😀";
      text.resize(size, 'x');
      const Octets first = wire(role, {{0x81, text}});
      const Octets stream = first + wire(role, {{0x02, text}, {0x89, "?"}, {0x80, "end"}});
      const Events whole = decode({.role = role}, stream);
      REQUIRE(whole == Events{"text " + text, "ping ?", "binary " + text + "end"});
      std::vector<size_t> cuts;
      for (size_t i = 0; i < 20; ++i) cuts.push_back(i);
      for (size_t i = first.size() - 5; i < first.size() + 20; ++i) cuts.push_back(i);
      for (size_t i = stream.size() - 20; i < stream.size(); ++i) cuts.push_back(i);
      for (size_t i = 1000; i < stream.size() - 1000; i += 7001) cuts.push_back(i);
      for (const size_t cut : cuts) {
        if (decode({.role = role}, stream, std::array{cut}) != whole) FAIL("cut at ", cut);
      }
      REQUIRE(decodeByteByByte({.role = role}, stream) == whole);
    }
  }
}
