// permessage-deflate between a decoder and a peer made of zlib.
#include "../../native/core/ws/deflate.h"

#include <doctest/doctest.h>

#include <array>
#include <random>

#include "../../native/core/ws/frame_encoder.h"
#include "deflate_bed.h"

using namespace lwspool::test;

namespace {

std::string textOf(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const uint8_t> bytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// The same events for every cut in two and byte by byte, in both roles, however little is decoded
// at once.
Events everyWay(std::initializer_list<Frame> frames, uint64_t maxPayload = UINT64_MAX,
                std::string_view parameters = "") {
  Events result;
  bool first = true;
  for (const Role role : {Role::client, Role::server}) {
    const Octets stream = wire(role, frames);
    const auto run = [&](std::span<const size_t> cuts, auto&& sink) {
      DeflateEnd end(role, parameters, {.threshold = 0}, maxPayload);
      const Events events = eventsOf(end, stream, cuts, sink);
      if (std::exchange(first, false)) result = events;
      CHECK(events == result);
    };
    run({}, RecordingSink());
    std::vector<size_t> all;
    for (size_t cut = 1; cut < stream.size(); ++cut) all.push_back(cut);
    for (const size_t budget : {size_t{1}, size_t{5}, SIZE_MAX}) {
      for (const size_t scratch : {size_t{1}, size_t{64}}) {
        run({}, SteppingSink(budget, scratch));
        run(all, SteppingSink(budget, scratch));
      }
    }
    for (size_t cut = 0; cut <= stream.size(); ++cut) {
      run(std::array{cut}, RecordingSink());
      run(std::array{cut}, SteppingSink(3, 2));
    }
  }
  return result;
}

std::string hello() { return {"\xf2\x48\xcd\xc9\xc9\x07\x00", 7}; }

}  // namespace

TEST_CASE("deflate: the examples of RFC 7692, 7.2.3") {
  CHECK(everyWay({{0xC1, hello()}}) == Events{"text Hello"});
  // In fragments, with a ping between them.
  CHECK(everyWay({{0x41, hello().substr(0, 3)}, {0x89, "p"}, {0x80, hello().substr(3)}}) ==
        Events{"ping p", "text Hello"});
  // With what came before.
  CHECK(everyWay({{0xC1, hello()}, {0xC1, std::string("\xf2\x00\x11\x00\x00", 5)}}) ==
        Events{"text Hello", "text Hello"});
  // Stored.
  CHECK(everyWay({{0xC1, std::string("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11)}}) ==
        Events{"text Hello"});
  // A final block, and the one behind it.
  CHECK(everyWay({{0xC1, std::string("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8)}, {0xC1, hello()}}) ==
        Events{"text Hello", "text Hello"});
  // Two blocks.
  CHECK(everyWay({{0xC1, std::string("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
                                     13)}}) == Events{"text Hello"});
}

TEST_CASE("deflate: empty messages") {
  CHECK(everyWay({{0xC1, std::string(1, '\0')}, {0xC2, ""}, {0xC1, hello()}}) ==
        Events{"text ", "binary ", "text Hello"});
  CHECK(everyWay({{0x41, ""}, {0x00, ""}, {0x80, hello()}}) == Events{"text Hello"});
  CHECK(everyWay({{0x41, hello()}, {0x80, ""}}) == Events{"text Hello"});
}

TEST_CASE("deflate: final blocks, several in a message, and nothing behind one") {
  const std::string final = {"\xf3\x48\xcd\xc9\xc9\x07\x00", 7};
  CHECK(everyWay({{0xC1, final}, {0xC1, hello()}}) == Events{"text Hello", "text Hello"});
  CHECK(everyWay({{0xC1, final + final + hello()}}) == Events{"text HelloHelloHello"});
  // What follows may refer to what was before.
  CHECK(everyWay({{0xC1, final}, {0xC1, std::string("\xf2\x00\x11\x00\x00", 5)}}) ==
        Events{"text Hello", "text Hello"});
}

TEST_CASE("deflate: what is not compressed goes by") {
  CHECK(everyWay({{0x81, "plain"}, {0xC1, hello()}, {0x82, "x"}, {0xC1, hello()}}) ==
        Events{"text plain", "text Hello", "binary x", "text Hello"});
}

TEST_CASE("deflate: RSV1 where it does not belong") {
  CHECK(everyWay({{0x41, hello()}, {0xC0, ""}}) == failing(failure::reservedBits));
  CHECK(everyWay({{0xC9, "p"}}) == failing(failure::reservedBits));
  CHECK(decodeBoth({{0xC1, hello()}}) == failing(failure::reservedBits));
}

TEST_CASE("deflate: corrupt data") {
  CHECK(everyWay({{0xC1, "\x07"}}) == failing(failure::corruptData));  // a block of type 3
  CHECK(everyWay({{0xC1, std::string("\xf2\x00\x11\x00\x00", 5)}}) ==
        failing(failure::corruptData));  // refers to nothing
  CHECK(everyWay({{0xC1, hello().substr(0, 4)}}).back().starts_with("failure 1007"));
  CHECK(everyWay({{0xC1, hello().substr(0, 5)}}).back().starts_with("failure 1007"));
  CHECK(everyWay({{0xC1, hello().substr(0, 6)}}).back().starts_with("failure 1007"));
}

TEST_CASE("deflate: a peer without takeover may not refer to what was before") {
  const std::string again = {"\xf2\x00\x11\x00\x00", 5};
  for (const Role role : {Role::client, Role::server}) {
    const char* parameters =
        role == Role::client ? "server_no_context_takeover" : "client_no_context_takeover";
    DeflateEnd end(role, parameters);
    CHECK(eventsOf(end, wire(role, {{0xC1, hello()}, {0xC1, hello()}, {0xC1, again}}), {},
                   RecordingSink()) ==
          Events{"text Hello", "text Hello", failureEvent(failure::corruptData)});
  }
}

TEST_CASE("deflate: text is checked as it reads when it is inflated") {
  Compressor peer;
  CHECK(everyWay({{0xC1, peer.message("gr\xC3\xBC\xC3\x9F")}}) == Events{"text grüß"});
  peer.reset();
  const std::string wrong = peer.message("gr\xC3");
  CHECK(everyWay({{0xC1, wrong}}) == failing(failure::invalidText));
  CHECK(everyWay({{0xC2, wrong}}) == Events{"binary gr\xC3"});
}

TEST_CASE("deflate: maxPayload counts inflated bytes") {
  Compressor peer;
  const std::string message = peer.message(std::string(100, 'a'));
  CHECK(everyWay({{0xC1, message}}, 100) == Events{"text " + std::string(100, 'a')});
  CHECK(everyWay({{0xC1, message}}, 99) == failing(failure::messageTooBig));
  CHECK(everyWay({{0x41, message}, {0x80, "", -1, 100'000}}, 100) ==
        failing(failure::messageTooBig));
  // Blocks that hold nothing are bounded as well.
  std::string nothing;
  for (int i = 0; i < 500; i++) nothing.append("\x00\x00\x00\xff\xff", 5);
  DeflateEnd end(Role::client, "", {}, 100);
  CHECK(eventsOf(end, wire(Role::client, {{0xC1, nothing}}), {}, RecordingSink()) ==
        failing(failure::messageTooBig));
}

TEST_CASE("deflate: maxRatio, from its floor on") {
  Compressor peer(15, 9);
  const auto run = [&](size_t size, uint32_t ratio) {
    peer.reset();
    DeflateEnd end(Role::client, "", {.maxRatio = ratio});
    RecordingSink sink;
    return end.feed(wire(Role::client, {{0xC2, peer.message(std::string(size, 'a'))}}), {}, sink);
  };
  CHECK(run(64 * 1024, 10) == nullptr);
  CHECK(run(64 * 1024 + 1, 10) == &failure::ratioExceeded);
  CHECK(run(1 << 20, 2000) == nullptr);
  CHECK(run(1 << 20, 0) == nullptr);
}

TEST_CASE("deflate: a bomb is neither inflated nor held") {
  // 64 MiB of zeros in 64 KiB, again and again: some GiB were it inflated.
  Compressor peer(15, 9);
  const std::string zeros(64 << 20, '\0');
  const std::string bomb = peer.message(zeros);
  constexpr uint64_t most = 1 << 20;
  DeflateEnd end(Role::client, "", {}, most);
  RecordingSink sink;
  Octets header = wire(Role::client, {{0x42, "", -1, static_cast<int64_t>(bomb.size())}});
  Octets stream(header.begin(), header.end());
  stream.insert(stream.end(), bomb.begin(), bomb.end());
  const Failure* failure = nullptr;
  size_t fed = 0;
  for (; fed < stream.size() && failure == nullptr; fed += 100) {
    ExactCopy piece(stream.data() + fed, std::min<size_t>(100, stream.size() - fed));
    failure = end.decoder.feed(piece.data(), piece.size(), sink);
    CHECK(end.decoder.allocated() < 2 * most);
  }
  CHECK(failure == &failure::messageTooBig);
  CHECK(fed < 3000);
}

TEST_CASE("deflate: no call decodes more than its sink takes, and what waits is held once") {
  Compressor peer(15, 9);
  Octets stream;
  const std::string text(100'000, 'x');
  for (int i = 0; i < 20; i++) {
    peer.reset();
    stream = stream + wire(Role::client, {{0xC1, peer.message(text)}, {0x89, "p"}});
  }
  DeflateEnd end(Role::client);
  SteppingSink sink(10'000, 1000);
  size_t calls = 0;
  CHECK(end.decoder.feed(stream.data(), stream.size(), sink) == nullptr);
  while (end.decoder.suspended()) {
    calls++;
    CHECK_FALSE(end.decoder.betweenFrames());
    CHECK(end.decoder.room().empty());
    CHECK(end.decoder.allocated() < 1'000'000);
    // What the decoder holds are bytes of the stream as they came, to its end.
    Octets leftover(end.decoder.leftoverSize());
    end.decoder.copyLeftover(leftover.data());
    REQUIRE(leftover.size() <= stream.size());
    CHECK(std::equal(leftover.rbegin(), leftover.rend(), stream.rbegin()));
    REQUIRE(end.decoder.feed(nullptr, 0, sink) == nullptr);
  }
  CHECK(calls >= 20 * 9);
  CHECK(sink.events.size() == 40);
  CHECK(end.decoder.betweenFrames());
  CHECK(end.decoder.leftoverSize() == 0);
}

TEST_CASE("deflate: both counts of bytes") {
  Compressor peer;
  const std::string text(1000, 'b');
  const std::string message = peer.message(text);
  DeflateEnd end(Role::client);
  RecordingSink sink;
  REQUIRE(end.feed(wire(Role::client, {{0xC1, message}, {0x81, "plain"}}), {}, sink) == nullptr);
  CHECK(end.deflate.received.encoded == message.size());
  CHECK(end.deflate.received.decoded == 1000);
  const auto encoded = end.deflate.encode(bytesOf(text));
  REQUIRE(encoded);
  CHECK(end.deflate.sent.encoded == encoded->size());
  CHECK(end.deflate.sent.decoded == 1000);
}

TEST_CASE("deflate: what is sent reads the same at the other end, for all parameters") {
  std::mt19937_64 random(seed());
  for (const bool takeover : {true, false}) {
    for (int bits = 8; bits <= 15; bits++) {
      CAPTURE(takeover);
      CAPTURE(bits);
      const std::string parameters = (takeover ? "" : "client_no_context_takeover; ") +
                                     ("client_max_window_bits=" + std::to_string(bits));
      DeflateEnd client(Role::client, parameters);
      DeflateEnd server(Role::server, parameters);
      RecordingSink sink;
      Events expected;
      Octets stream;
      MaskSource masks;
      for (int i = 0; i < 60; i++) {
        std::string text(random() % 3000, '\0');
        const unsigned letters = 1 + random() % 40;
        for (char& c : text) c = static_cast<char>('a' + random() % letters % 26);
        expected.push_back("text " + text);
        const auto encoded = client.deflate.encode(bytesOf(text));
        if (bits == 8) CHECK_FALSE(encoded);
        const auto payload = encoded ? *encoded : bytesOf(text);
        Octets frame(frameSize(Role::client, payload.size()));
        writeFrame(frame.data(), Role::client, Opcode::text, payload.data(), payload.size(), &masks,
                   true, encoded ? kRsv1 : uint8_t{0});
        stream = stream + frame;
        if (random() % 8 == 0) client.deflate.voidSent();
      }
      std::vector<size_t> cuts;
      for (size_t at = random() % 500; at < stream.size(); at += random() % 5000)
        cuts.push_back(at);
      REQUIRE(server.feed(stream, cuts, sink) == nullptr);
      CHECK(sink.events == expected);
    }
  }
}

TEST_CASE("deflate: messages in pieces") {
  for (const char* parameters : {"", "client_no_context_takeover"}) {
    DeflateEnd client(Role::client, parameters);
    DeflateEnd server(Role::server, parameters);
    RecordingSink sink;
    for (int round = 0; round < 3; round++) {
      REQUIRE(client.deflate.beginPieces());
      const std::array<std::string, 4> pieces = {"once ", "", "upon ", "once"};
      Octets stream;
      for (size_t i = 0; i < 4; i++) {
        const std::string payload = textOf(client.deflate.encodePiece(bytesOf(pieces[i]), false));
        stream =
            stream + wire(Role::server, Frame{static_cast<uint8_t>(i == 0 ? 0x41 : 0), payload});
      }
      stream =
          stream + wire(Role::server, Frame{0x80, textOf(client.deflate.encodePiece({}, true))});
      REQUIRE(server.feed(stream, {}, sink) == nullptr);
    }
    CHECK(sink.events == Events(3, "text once upon once"));
  }
}

TEST_CASE("deflate: a threshold, and what does not get smaller") {
  DeflateEnd client(Role::client, "client_no_context_takeover", {.threshold = 20});
  CHECK_FALSE(client.deflate.encode(bytesOf(std::string(19, 'a'))));
  CHECK(client.deflate.encode(bytesOf(std::string(20, 'a'))));
  std::string noise;
  std::mt19937_64 random(7);
  for (int i = 0; i < 200; i++) noise += static_cast<char>(random());
  CHECK_FALSE(client.deflate.encode(bytesOf(noise)));
  CHECK_FALSE(client.deflate.encode({}));
}

TEST_CASE("deflate: contexts are given up for others, and their connections go on") {
  DeflatePool pool;
  const DeflateOptions options{.threshold = 0};
  std::vector<std::unique_ptr<Deflate>> senders;
  std::vector<std::unique_ptr<DeflateEnd>> receivers;
  for (size_t i = 0; i < DeflatePool::kContexts + 10; i++) {
    senders.push_back(std::make_unique<Deflate>(Role::server, options, pool));
    receivers.push_back(std::make_unique<DeflateEnd>(Role::client));
  }
  for (int round = 0; round < 3; round++) {
    for (size_t i = 0; i < senders.size(); i++) {
      const std::string text = "message of " + std::to_string(i);
      const auto encoded = senders[i]->encode(bytesOf(text));
      REQUIRE(encoded);
      RecordingSink sink;
      REQUIRE(receivers[i]->feed(wire(Role::client, {{0xC1, textOf(*encoded)}}), {}, sink) ==
              nullptr);
      CHECK(sink.events == Events{"text " + text});
    }
    CHECK(pool.contexts() == DeflatePool::kContexts);
  }
  senders.clear();
  CHECK(pool.contexts() == 0);
}

TEST_CASE("deflate: after messages that passed by, what refers to them is refused") {
  DeflateEnd end(Role::client);
  RecordingSink sink;
  REQUIRE(end.feed(wire(Role::client, {{0xC1, hello()}}), {}, sink) == nullptr);
  end.deflate.voidReceived();
  REQUIRE(end.feed(wire(Role::client, {{0xC1, hello()}}), {}, sink) == nullptr);
  CHECK(end.feed(wire(Role::client, {{0xC1, std::string("\xf2\x00\x11\x00\x00", 5)}}), {}, sink) ==
        nullptr);
  end.deflate.voidReceived();
  CHECK(end.feed(wire(Role::client, {{0xC1, std::string("\xf2\x00\x11\x00\x00", 5)}}), {}, sink) ==
        &failure::corruptData);
}
