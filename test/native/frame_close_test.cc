// How a stream ends: close frames (RFC 6455, 5.5.1 and 7.4), failures, stop().
#include <doctest/doctest.h>

#include "ws_frames.h"

using namespace lwspool::test;

TEST_CASE("decoder: close codes that may come, and those that may not") {
  for (int code = 0; code <= 0xFFFF; ++code) {
    const bool allowed = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
                         (code >= 3000 && code <= 4999);
    const Events events =
        decode(kClient, wire(Role::client, Frame{0x88, closing(static_cast<uint16_t>(code))}));
    const Events expected = allowed ? Events{"close " + std::to_string(code) + " "}
                                    : failing(failure::invalidCloseCode);
    if (events != expected) FAIL("code ", code);
  }
}

TEST_CASE("decoder: close payloads") {
  CHECK(decodeBoth({{0x88, ""}}) == Events{"close 1005 "});
  CHECK(decodeBoth({{0x88, "\x03"}}) == failing(failure::shortClose));
  CHECK(decodeBoth({{0x88, closing(1000, "tschüß")}}) == Events{"close 1000 tschüß"});
  CHECK(decodeBoth({{0x88, closing(1013, std::string(123, 'r'))}}) ==
        Events{"close 1013 " + std::string(123, 'r')});
  CHECK(decodeBoth({{0x88, closing(1000, "\xC3")}}) == failing(failure::invalidCloseReason));
  CHECK(decodeBoth({{0x88, closing(999, "\xC3")}}) == failing(failure::invalidCloseCode));
}

TEST_CASE("decoder: the codes to answer with") {
  CHECK(failure::reservedBits.code == 1002);
  CHECK(failure::maskedServerFrame.code == 1002);
  CHECK(failure::invalidCloseCode.code == 1002);
  CHECK(failure::invalidText.code == 1007);
  CHECK(failure::invalidCloseReason.code == 1007);
  CHECK(failure::messageTooBig.code == 1009);
}

TEST_CASE("decoder: nothing comes after a close frame, a failure, or stop()") {
  CHECK(decodeBoth({{0x88, closing(1000)}, {0x81, "late"}, {0x83, ""}}) == Events{"close 1000 "});

  FrameDecoder decoder(kClient);
  RecordingSink sink;
  Octets wrong = octets("\x83");
  wrong.push_back(0);
  CHECK(decoder.feed(wrong.data(), wrong.size(), sink) == &failure::reservedOpcode);
  CHECK(decoder.stopped());
  Octets late = wire(Role::client, {{0x81, "late"}});
  CHECK(decoder.feed(late.data(), late.size(), sink) == nullptr);
  CHECK(sink.events.empty());

  FrameDecoder stopped(kClient);
  stopped.stop();
  stopped.stop();
  CHECK(stopped.feed(late.data(), late.size(), sink) == nullptr);
  CHECK(sink.events.empty());
}

TEST_CASE("decoder: a sink may stop it from any callback") {
  struct StoppingSink : RecordingSink {
    FrameDecoder* decoder = nullptr;
    void message(Opcode opcode, const uint8_t* data, size_t size) {
      RecordingSink::message(opcode, data, size);
      decoder->stop();
    }
    void message(Opcode opcode, Bytes&& data) {
      decoder->stop();
      RecordingSink::message(opcode, std::move(data));
    }
    void ping(const uint8_t* data, size_t size) {
      decoder->stop();
      RecordingSink::ping(data, size);
    }
  };
  const std::initializer_list<Frame> streams[] = {
      {{0x81, "a"}, {0x81, "b"}},
      {{0x01, "a"}, {0x80, "b"}, {0x81, "c"}},
      {{0x01, "a"}, {0x89, "b"}, {0x80, "c"}},
  };
  for (const auto& frames : streams) {
    for (const size_t cut : {0u, 3u, 5u}) {
      FrameDecoder decoder(kClient);
      StoppingSink sink;
      sink.decoder = &decoder;
      Octets stream = wire(Role::client, frames);
      CHECK(decoder.feed(stream.data(), cut, sink) == nullptr);
      CHECK(decoder.feed(stream.data() + cut, stream.size() - cut, sink) == nullptr);
      CHECK(sink.events.size() == 1);
      CHECK(decoder.stopped());
      CHECK(decoder.allocated() == 0);
    }
  }
}

TEST_CASE("decoder: an empty read is nothing") {
  FrameDecoder decoder(kServer);
  RecordingSink sink;
  CHECK(decoder.feed(nullptr, 0, sink) == nullptr);
  Octets stream = wire(Role::server, {{0x81, "ab"}});
  for (uint8_t& byte : stream) {
    CHECK(decoder.feed(&byte, 1, sink) == nullptr);
    CHECK(decoder.feed(&byte + 1, 0, sink) == nullptr);
  }
  CHECK(sink.events == Events{"text ab"});
}
