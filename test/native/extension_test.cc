// The place for an extension, with one that is as simple as can be.
#include "../../native/core/ws/extension.h"

#include <doctest/doctest.h>

#include "../../native/core/ws/frame_encoder.h"
#include "../../native/core/ws/handshake.h"
#include "ws_frames.h"

using namespace lwspool::test;

namespace {

// Sends a run of equal bytes as its length and the byte; no run is longer than nine.
class RunLengths : public Extension {
 public:
  std::string_view name() const override { return "x-runs"; }
  std::string offer() const override { return "longest=9"; }
  bool accept(std::string_view parameters) override { return parameters == "longest=9"; }
  std::optional<std::string> answer(std::string_view parameters) override {
    if (parameters != "longest=9") return std::nullopt;
    return "longest=9";
  }
  uint64_t encodedBound(uint64_t size) const override {
    return size > UINT64_MAX / 2 ? UINT64_MAX : 2 * size;
  }

  const Failure* decode(const uint8_t* data, size_t size, uint64_t maxPayload,
                        Bytes& out) override {
    static constexpr Failure broken{1007, "broken runs"};
    if (size % 2 != 0) return &broken;
    for (size_t i = 0; i < size; i += 2) {
      const size_t run = static_cast<size_t>(data[i] - '0');
      if (out.size() + run > maxPayload) return &failure::messageTooBig;
      if (!out.reallocate(out.size() + run)) return &failure::outOfMemory;
      std::memset(out.data() + out.size(), data[i + 1], run);
      out.grow(run);
    }
    return nullptr;
  }

  bool encode(const uint8_t* data, size_t size, Bytes& out) override {
    for (size_t i = 0; i < size;) {
      size_t run = 1;
      while (run < 9 && i + run < size && data[i + run] == data[i]) ++run;
      if (!out.reallocate(out.size() + 2)) return false;
      out.data()[out.size()] = static_cast<uint8_t>('0' + run);
      out.data()[out.size() + 1] = data[i];
      out.grow(2);
      i += run;
    }
    return out.size() < size;
  }
};

// The same events for the whole stream, for every cut in two and byte by byte, in both roles.
Events decodeWithRuns(std::initializer_list<Frame> frames, uint64_t maxPayload = UINT64_MAX) {
  RunLengths runs;
  Events result;
  for (const Role role : {Role::client, Role::server}) {
    const DecoderOptions options{.role = role, .maxPayload = maxPayload, .extension = &runs};
    const Octets stream = wire(role, frames);
    result = decode(options, stream);
    for (size_t cut = 0; cut <= stream.size(); ++cut) {
      CHECK(decode(options, stream, std::array{cut}) == result);
    }
    CHECK(decodeByteByByte(options, stream) == result);
  }
  return result;
}

}  // namespace

TEST_CASE("extension: messages with RSV1 are decoded, others are not") {
  CHECK(decodeWithRuns({{0xC1, "3a2b"}, {0x81, "3a2b"}, {0xC2, "9x"}, {0xC1, ""}}) ==
        Events{"text aaabb", "text 3a2b", "binary xxxxxxxxx", "text "});
  CHECK(decodeWithRuns({{0x41, "3"}, {0x89, "ping"}, {0x00, "a"}, {0x80, "1b"}, {0x81, "2c"}}) ==
        Events{"ping ping", "text aaab", "text 2c"});
  CHECK(decodeWithRuns({{0x41, ""}, {0x80, "2a"}}) == Events{"text aa"});
}

TEST_CASE("extension: RSV1 belongs on the first frame of a message, the other bits nowhere") {
  CHECK(decodeWithRuns({{0x41, "3a"}, {0xC0, "1b"}}) == failing(failure::reservedBits));
  CHECK(decodeWithRuns({{0x01, "3a"}, {0xC0, "1b"}}) == failing(failure::reservedBits));
  for (const uint8_t opcode : {0x88, 0x89, 0x8A}) {
    CHECK(decodeWithRuns({{static_cast<uint8_t>(0x40 | opcode), ""}}) ==
          failing(failure::reservedBits));
  }
  CHECK(decodeWithRuns({{0xE1, "1a"}}) == failing(failure::reservedBits));
  CHECK(decodeWithRuns({{0x91, "1a"}}) == failing(failure::reservedBits));
}

TEST_CASE("extension: text is checked as it reads when decoded") {
  CHECK(decodeWithRuns({{0xC1,
                         "1\xC3"
                         "1\xBC"}}) == Events{"text ü"});
  CHECK(decodeWithRuns({{0xC1,
                         "2\xC3"
                         "1\xBC"}}) == failing(failure::invalidText));
  CHECK(decodeWithRuns({{0x41, "2\xC3"}, {0x80, "1\xBC"}}) == failing(failure::invalidText));
  CHECK(decodeWithRuns({{0xC2,
                         "2\xC3"
                         "1\xBC"}}) == Events{"binary \xC3\xC3\xBC"});
}

TEST_CASE("extension: its failures fail the connection") {
  CHECK(decodeWithRuns({{0xC1, "1a1"}, {0x81, "late"}}) == Events{"failure 1007 broken runs"});
}

TEST_CASE("extension: maxPayload counts the decoded message, and bounds the encoded one") {
  CHECK(decodeWithRuns({{0xC1, "5a"}}, 5) == Events{"text aaaaa"});
  CHECK(decodeWithRuns({{0xC1, "6a"}}, 5) == failing(failure::messageTooBig));
  CHECK(decodeWithRuns({{0xC1, "1a1b1c1d1e"}}, 5) == Events{"text abcde"});
  CHECK(decodeWithRuns({{0x41, "1a1b1c"}, {0x80, "", -1, 5}}, 5) ==
        failing(failure::messageTooBig));
  CHECK(decodeWithRuns({{0x81, "123456"}}, 5) == failing(failure::messageTooBig));
}

TEST_CASE("extension: messages out") {
  RunLengths runs;
  Bytes encoded;
  REQUIRE(runs.encode(reinterpret_cast<const uint8_t*>("aaaabbbb"), 8, encoded));
  Octets frame(frameSize(Role::server, encoded.size()));
  writeFrame(frame.data(), Role::server, Opcode::text, encoded.data(), encoded.size(), nullptr,
             true, kRsv1);
  CHECK(decode({.role = Role::client, .extension = &runs}, frame) == Events{"text aaaabbbb"});
  Bytes longer;
  CHECK_FALSE(runs.encode(reinterpret_cast<const uint8_t*>("abc"), 3, longer));
}

TEST_CASE("extension: offered and answered in the handshake") {
  RunLengths runs;
  CHECK(offerOf(runs) == "x-runs; longest=9");
  CHECK(answerOf(runs, "x-runs; longest=9") == "x-runs; longest=9");
  CHECK(answerOf(runs, "other, x-runs;longest=7 , x-runs ; longest=9") == "x-runs; longest=9");
  CHECK(answerOf(runs, "other; longest=9, X-runs") == "");
  CHECK(answerOf(runs, "") == "");

  MaskSource random;
  const std::string key = makeKey(random);
  const auto check = [&](std::string_view answer, Extension* extension) {
    return checkResponse({"websocket", "Upgrade", acceptFor(key), "", answer},
                         {.key = key, .extension = extension});
  };
  CHECK(check("x-runs; longest=9", &runs) == HandshakeError::none);
  CHECK(check("", &runs) == HandshakeError::none);
  CHECK(check("x-runs; longest=8", &runs) == HandshakeError::unaskedExtension);
  CHECK(check("x-runs; longest=9, x-runs; longest=9", &runs) == HandshakeError::unaskedExtension);
  CHECK(check("x-runs; longest=9, other", &runs) == HandshakeError::unaskedExtension);
  CHECK(check("x-runs; longest=9", nullptr) == HandshakeError::unaskedExtension);
}
