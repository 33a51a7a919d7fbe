// What the decoder holds: memory, the place in the stream, the bytes of an unfinished frame.
#include <doctest/doctest.h>

#include "ws_frames.h"

using namespace lwspool::test;

namespace {

const Failure* feed(FrameDecoder& decoder, const Octets& bytes, RecordingSink& sink) {
  ExactCopy copy(bytes.data(), bytes.size());
  return decoder.feed(copy.data(), copy.size(), sink);
}

Octets leftoverOf(const FrameDecoder& decoder) {
  Octets out(decoder.leftoverSize());
  ExactCopy exact(out.data(), out.size());
  decoder.copyLeftover(exact.data());
  return {exact.data(), exact.data() + exact.size()};
}

}  // namespace

TEST_CASE("memory: small, and nothing allocated between messages") {
  CHECK(sizeof(FrameDecoder) < 100);
  FrameDecoder decoder({.role = Role::client});
  RecordingSink sink;
  const Octets stream =
      wire(Role::client, {{0x81, "a"}, {0x01, "b"}, {0x89, "ping"}, {0x80, "c"}, {0x82, "d"}});
  for (const uint8_t byte : stream) feed(decoder, {byte}, sink);
  CHECK(sink.events.size() == 4);
  CHECK(decoder.allocated() == 0);
}

TEST_CASE("memory: who announces much and sends little costs little") {
  for (const Role role : {Role::client, Role::server}) {
    FrameDecoder decoder({.role = role, .maxPayload = uint64_t{1} << 40});
    RecordingSink sink;
    const int64_t announced = int64_t{1} << 30;
    feed(decoder, wire(role, Frame{0x82, "", -1, announced}), sink);
    CHECK(decoder.allocated() == 0);
    size_t arrived = 0;
    while (arrived < 3'000'000) {
      const size_t size = 1000 + arrived % 777;
      feed(decoder, Octets(size, 'x'), sink);
      arrived += size;
      REQUIRE(decoder.allocated() >= arrived);
      REQUIRE(decoder.allocated() <= 2 * arrived);
    }
    CHECK(sink.events.empty());
    decoder.stop();
    CHECK(decoder.allocated() == 0);
  }
}

TEST_CASE("memory: a moderate frame gets its place at once, and no more") {
  FrameDecoder decoder({.role = Role::client});
  RecordingSink sink;
  feed(decoder, wire(Role::client, Frame{0x82, "", -1, 100'000}), sink);
  CHECK(decoder.allocated() == 0);
  feed(decoder, {'x'}, sink);
  CHECK(decoder.allocated() == 100'000);
}

TEST_CASE("memory: the last frame of a message never gets more than it announced") {
  FrameDecoder decoder({.role = Role::client});
  RecordingSink sink;
  feed(decoder, wire(Role::client, {{0x02, std::string(1'000'000, 'a')}}), sink);
  feed(decoder, wire(Role::client, Frame{0x80, "", -1, 500'000}), sink);
  for (int i = 0; i < 499; ++i) {
    feed(decoder, Octets(1000, 'b'), sink);
    REQUIRE(decoder.allocated() <= 1'500'000);
  }
  CHECK(decoder.leftoverSize() == 10 + 499'000);
}

TEST_CASE("memory: what is over the limit is refused before anything is allocated") {
  FrameDecoder decoder({.role = Role::client, .maxPayload = 1000});
  RecordingSink sink;
  const Octets header = wire(Role::client, Frame{0x82, "", -1, 1001});
  CHECK(feed(decoder, header, sink) == &failure::messageTooBig);
  CHECK(decoder.allocated() == 0);
}

TEST_CASE("memory: a failure frees what was gathered") {
  FrameDecoder decoder({.role = Role::client});
  RecordingSink sink;
  feed(decoder, wire(Role::client, {{0x01, std::string(5000, 'a')}}), sink);
  CHECK(decoder.allocated() >= 5000);
  CHECK(feed(decoder, wire(Role::client, {{0x00, "\xFF"}}), sink) == &failure::invalidText);
  CHECK(decoder.allocated() == 0);
}

TEST_CASE("memory: stop() frees an unfinished control frame too") {
  FrameDecoder decoder({.role = Role::client});
  RecordingSink sink;
  feed(decoder, wire(Role::client, Frame{0x89, "begun", -1, 100}), sink);
  CHECK(decoder.allocated() == 100);
  decoder.stop();
  CHECK(decoder.allocated() == 0);
}

TEST_CASE("memory: many fragments are gathered without much copying or waste") {
  struct KeepingSink : RecordingSink {
    Bytes last;
    void message(Opcode, const uint8_t*, size_t) {}
    void message(Opcode, Bytes&& data) { last = std::move(data); }
  } sink;
  FrameDecoder decoder({.role = Role::client});
  size_t grown = 0;
  size_t before = 0;
  for (int i = 0; i < 10'000; ++i) {
    Octets frame = wire(Role::client, Frame{static_cast<uint8_t>(i == 0 ? 0x02 : 0x00), "0123456"});
    decoder.feed(frame.data(), frame.size(), sink);
    grown += decoder.allocated() != before;
    before = decoder.allocated();
  }
  CHECK(grown < 20);
  Octets end = wire(Role::client, {{0x80, "."}});
  decoder.feed(end.data(), end.size(), sink);
  CHECK(sink.last.size() == 70'001);
  CHECK(sink.last.capacity() < 80'000);
}

TEST_CASE("memory: an assembled message is the receiver's to free") {
  struct TakingSink : RecordingSink {
    uint8_t* taken = nullptr;
    void message(Opcode, const uint8_t*, size_t) {}
    void message(Opcode, Bytes&& data) { taken = data.release(); }
  } sink;
  FrameDecoder decoder({.role = Role::server});
  Octets stream = wire(Role::server, {{0x82, "hello"}});
  for (uint8_t& byte : stream) decoder.feed(&byte, 1, sink);
  REQUIRE(sink.taken != nullptr);
  CHECK(toString(sink.taken, 5) == "hello");
  std::free(sink.taken);
}

TEST_CASE("leftover: at every place of a stream, exactly the bytes since the last frame") {
  for (const Role role : {Role::client, Role::server}) {
    const std::initializer_list<Frame> frames = {
        {0x81, "Hello"}, {0x02, std::string(300, 'b')}, {0x89, "ping"}, {0x00, "more"},
        {0x8A, ""},      {0x80, std::string(70, 'e')},  {0x81, ""},     {0x82, "end"},
    };
    Octets stream;
    std::vector<size_t> boundaries{0};
    std::vector<bool> inMessage{false};
    for (const Frame& frame : frames) {
      stream = stream + wire(role, frame);
      boundaries.push_back(stream.size());
      const int opcode = frame.first & 0x0F;
      inMessage.push_back(opcode >= 8 ? inMessage.back() : (frame.first & 0x80) == 0);
    }
    for (size_t cut = 0; cut <= stream.size(); ++cut) {
      for (const bool byteByByte : {false, true}) {
        FrameDecoder decoder({.role = role});
        RecordingSink sink;
        if (byteByByte) {
          for (size_t i = 0; i < cut; ++i) feed(decoder, {stream[i]}, sink);
        } else {
          feed(decoder, {stream.begin(), stream.begin() + static_cast<ptrdiff_t>(cut)}, sink);
        }
        const auto next = std::upper_bound(boundaries.begin(), boundaries.end(), cut);
        const size_t index = static_cast<size_t>(next - boundaries.begin()) - 1;
        const size_t last = boundaries[index];
        const Octets expected(stream.begin() + static_cast<ptrdiff_t>(last),
                              stream.begin() + static_cast<ptrdiff_t>(cut));
        if (leftoverOf(decoder) != expected) FAIL("cut at ", cut);
        REQUIRE(decoder.betweenFrames() == (cut == last));
        REQUIRE(decoder.leftoverSize() == cut - last);
        if (cut == last) REQUIRE(decoder.midMessage() == inMessage[index]);

        // Who takes over with these bytes sees the rest of the stream as it was sent.
        const Octets rest(stream.begin() + static_cast<ptrdiff_t>(cut), stream.end());
        feed(decoder, rest, sink);
        REQUIRE(sink.events == decode({.role = role}, stream));
      }
    }
  }
}

TEST_CASE("leftover: a message has begun when the header of its first frame is there") {
  FrameDecoder decoder({.role = Role::client});
  RecordingSink sink;
  feed(decoder, {0x81}, sink);
  CHECK_FALSE(decoder.midMessage());
  feed(decoder, {2}, sink);
  CHECK(decoder.midMessage());
  feed(decoder, octets("ab"), sink);
  CHECK_FALSE(decoder.midMessage());
  feed(decoder,
       octets("\x89\x02"
              "a"),
       sink);
  CHECK_FALSE(decoder.midMessage());
}

TEST_CASE("leftover: none after a close frame or a failure") {
  FrameDecoder decoder({.role = Role::client});
  RecordingSink sink;
  feed(decoder, wire(Role::client, {{0x88, closing(1000)}}) + octets("\x81\x05He"), sink);
  CHECK(decoder.leftoverSize() == 0);
  CHECK(decoder.betweenFrames());
  CHECK_FALSE(decoder.midMessage());
}
