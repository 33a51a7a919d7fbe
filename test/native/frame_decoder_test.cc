// Each rule of RFC 6455, 5, that the decoder keeps; how a stream ends is in frame_close_test.cc.
#include "../../native/core/ws/frame_decoder.h"

#include <doctest/doctest.h>

#include "ws_frames.h"

using namespace lwspool::test;

TEST_CASE("decoder: text, binary, empty messages, one after another") {
  CHECK(decodeBoth({{0x81, "Hello"}, {0x82, std::string("\0\xFF", 2)}, {0x81, ""}, {0x82, ""}}) ==
        Events{"text Hello", std::string("binary \0\xFF", 9), "text ", "binary "});
}

TEST_CASE("decoder: the examples of RFC 6455, 5.7") {
  CHECK(decode(kClient, octets("\x81\x05Hello")) == Events{"text Hello"});
  CHECK(decode(kServer, octets("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")) ==
        Events{"text Hello"});
  CHECK(decode(kClient, octets({"\x01\x03Hel\x80\x02lo", 9})) == Events{"text Hello"});
  CHECK(decode(kClient, octets("\x89\x05Hello")) == Events{"ping Hello"});
  CHECK(decode(kServer, octets("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")) ==
        Events{"pong Hello"});
}

TEST_CASE("decoder: payloads around the steps of the length field") {
  for (const size_t size :
       {0u, 1u, 124u, 125u, 126u, 127u, 128u, 255u, 256u, 65535u, 65536u, 65537u}) {
    const std::string payload(size, 'p');
    CHECK(decodeBoth({{0x82, payload}, {0x81, payload}, {0x89, "."}}) ==
          Events{"binary " + payload, "text " + payload, "ping ."});
  }
}

TEST_CASE("decoder: a frame that lies in the buffer is handed over where it lies") {
  Octets stream = wire(Role::server, {{0x81, "one"}, {0x82, "two"}, {0x01, ""}, {0x80, "three"}});
  FrameDecoder decoder(kServer);
  RecordingSink sink;
  CHECK(decoder.feed(stream.data(), stream.size(), sink) == nullptr);
  CHECK(sink.events == Events{"text one", "binary two", "text three"});
  CHECK(sink.inPlace == 3);
  CHECK(decoder.allocated() == 0);
}

TEST_CASE("decoder: a header cut off does not make its payload a copy") {
  Octets stream = wire(Role::server, {{0x82, std::string(300, 'x')}});
  FrameDecoder decoder(kServer);
  RecordingSink sink;
  decoder.feed(stream.data(), 5, sink);
  decoder.feed(stream.data() + 5, stream.size() - 5, sink);
  CHECK(sink.inPlace == 1);
  CHECK(decoder.allocated() == 0);
}

TEST_CASE("decoder: fragments are joined, control frames come between them") {
  CHECK(decodeBoth({{0x01, "Hel"},
                    {0x89, "?"},
                    {0x00, "lo, "},
                    {0x8A, "!"},
                    {0x00, ""},
                    {0x80, "world"},
                    {0x81, "next"}}) ==
        Events{"ping ?", "pong !", "text Hello, world", "text next"});
  CHECK(decodeBoth({{0x02, ""}, {0x00, ""}, {0x80, ""}}) == Events{"binary "});
  CHECK(decodeBoth({{0x02, "part"}, {0x88, closing(1001)}}) == Events{"close 1001 "});
}

TEST_CASE("decoder: reserved bits") {
  for (const uint8_t bit : {0x40, 0x20, 0x10}) {
    for (const uint8_t opcode : {1, 2, 8, 9, 10}) {
      const auto first = static_cast<uint8_t>(0x80 | bit | opcode);
      CHECK(decodeBoth({{first, ""}}) == failing(failure::reservedBits));
    }
    CHECK(decodeBoth({{0x01, "a"}, {static_cast<uint8_t>(0x80 | bit), "b"}}) ==
          failing(failure::reservedBits));
  }
}

TEST_CASE("decoder: reserved opcodes") {
  for (const uint8_t opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
    CHECK(decodeBoth({{static_cast<uint8_t>(0x80 | opcode), ""}}) ==
          failing(failure::reservedOpcode));
    CHECK(decodeBoth({{opcode, ""}}) == failing(failure::reservedOpcode));
  }
}

TEST_CASE("decoder: control frames are whole and short") {
  for (const uint8_t opcode : {8, 9, 10}) {
    CHECK(decodeBoth({{opcode, ""}}) == failing(failure::fragmentedControl));
    CHECK(decodeBoth({{static_cast<uint8_t>(0x80 | opcode), std::string(126, 'c')}}) ==
          failing(failure::longControl));
    CHECK(decodeBoth({{static_cast<uint8_t>(0x80 | opcode), "", 8, 70000}}) ==
          failing(failure::longControl));
  }
  const std::string longest(125, 'c');
  CHECK(decodeBoth({{0x89, longest}, {0x8A, longest}}) ==
        Events{"ping " + longest, "pong " + longest});
}

TEST_CASE("decoder: frames are masked in one direction only") {
  CHECK(decode(kClient, wire(Role::client, Frame{0x81, "a"}, true)) ==
        failing(failure::maskedServerFrame));
  CHECK(decode(kServer, wire(Role::server, Frame{0x81, "a"}, false)) ==
        failing(failure::unmaskedClientFrame));
}

TEST_CASE("decoder: lengths are in their shortest form and have 63 bits") {
  for (const int64_t length : {0, 1, 125}) {
    CHECK(decodeBoth({{0x82, "", 2, length}}) == failing(failure::longLength));
    CHECK(decodeBoth({{0x82, "", 8, length}}) == failing(failure::longLength));
  }
  CHECK(decodeBoth({{0x82, "", 8, 126}}) == failing(failure::longLength));
  CHECK(decodeBoth({{0x82, "", 8, 65535}}) == failing(failure::longLength));
  CHECK(decodeBoth({{0x82, "", 2, 126}}).empty());
  CHECK(decodeBoth({{0x82, "", 8, 65536}}).empty());
  CHECK(decodeBoth({{0x82, "", 8, INT64_MAX}}).empty());
  CHECK(decode(kClient, octets(std::string("\x82\x7F\x80\0\0\0\0\0\0\0", 10))) ==
        failing(failure::hugeLength));
}

TEST_CASE("decoder: the order of fragments") {
  CHECK(decodeBoth({{0x80, "a"}}) == failing(failure::strayContinuation));
  CHECK(decodeBoth({{0x00, "a"}}) == failing(failure::strayContinuation));
  CHECK(decodeBoth({{0x81, "a"}, {0x80, "b"}}) ==
        Events{"text a", failureEvent(failure::strayContinuation)});
  CHECK(decodeBoth({{0x01, "a"}, {0x81, "b"}}) == failing(failure::missingContinuation));
  CHECK(decodeBoth({{0x01, ""}, {0x02, "b"}}) == failing(failure::missingContinuation));
}

TEST_CASE("decoder: maxPayload counts the whole message, from the header on") {
  CHECK(decodeBoth({{0x82, "12345"}}, 5) == Events{"binary 12345"});
  CHECK(decodeBoth({{0x82, "123456"}}, 5) == failing(failure::messageTooBig));
  CHECK(decodeBoth({{0x02, "123"}, {0x89, "longer than five"}, {0x00, "4"}, {0x80, "5"}}, 5) ==
        Events{"ping longer than five", "binary 12345"});
  CHECK(decodeBoth({{0x02, "123"}, {0x00, "456"}}, 5) == failing(failure::messageTooBig));
  CHECK(decodeBoth({{0x02, "123"}, {0x80, "", -1, 3}}, 5) == failing(failure::messageTooBig));
  CHECK(decodeBoth({{0x82, "", 8, INT64_MAX}}, 1 << 30) == failing(failure::messageTooBig));
  CHECK(decodeBoth({{0x02, "123"}, {0x80, "", 8, INT64_MAX}}, INT64_MAX) ==
        failing(failure::messageTooBig));
  CHECK(decodeBoth({{0x82, ""}, {0x82, "1"}}, 0) ==
        Events{"binary ", failureEvent(failure::messageTooBig)});
}

TEST_CASE("decoder: of a message that is too big it knows how much was announced") {
  const auto refused = [](std::initializer_list<Frame> frames, uint64_t maxPayload) {
    FrameDecoder decoder({.role = Role::client, .maxPayload = maxPayload});
    RecordingSink sink;
    Octets stream = wire(Role::client, frames);
    const Failure* failure = decoder.feed(stream.data(), stream.size(), sink);
    CHECK(failure == &failure::messageTooBig);
    return decoder.refusedSize();
  };
  CHECK(refused({{0x82, "123456"}}, 5) == 6);
  CHECK(refused({{0x82, "", 8, INT64_MAX}}, 5) == INT64_MAX);
  CHECK(refused({{0x02, "123"}, {0x89, "?"}, {0x00, "456"}}, 5) == 6);
  CHECK(refused({{0x02, "123"}, {0x80, "", 8, INT64_MAX}}, 5) == INT64_MAX + uint64_t{3});
}

TEST_CASE("decoder: text is UTF-8, whole and across fragments") {
  CHECK(decodeBoth({{0x81, "κόσμε"}}) == Events{"text κόσμε"});
  CHECK(decodeBoth({{0x81, "\xC3"}}) == failing(failure::invalidText));
  CHECK(decodeBoth({{0x81, "\xED\xA0\x80"}}) == failing(failure::invalidText));
  CHECK(decodeBoth({{0x01, "\xE2"}, {0x89, ""}, {0x00, ""}, {0x00, "\x82"}, {0x80, "\xAC"}}) ==
        Events{"ping ", "text €"});
  CHECK(decodeBoth({{0x01, "a\xE2\x82"}, {0x80, ""}}) == failing(failure::invalidText));
  CHECK(decodeBoth({{0x01, "a\xE2\x82"}, {0x80, "a"}}) == failing(failure::invalidText));
  CHECK(decodeBoth({{0x82, "\xC3"}, {0x02, "\xFF"}, {0x80, "\xFE"}}) ==
        Events{"binary \xC3", "binary \xFF\xFE"});
}

TEST_CASE("decoder: wrong text fails at the wrong byte, in an unfinished frame, message, header") {
  // A second fragment is announced and never comes; nor does the rest of the first.
  CHECK(decodeBoth({{0x01, "ab\xFF"}}) == failing(failure::invalidText));
  CHECK(decodeBoth({{0x01, "ab\xF4\x90", -1, 100}}) == failing(failure::invalidText));
  CHECK(decodeBoth({{0x81, "ab\xE0\x80", 8, 1 << 20}}) == failing(failure::invalidText));
  CHECK(decodeBoth({{0x81, "ab\xE0", 8, 1 << 20}}).empty());
}
