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
  std::optional<Misfit> accept(std::string_view parameters) override {
    if (parameters == "longest=9") return std::nullopt;
    return Misfit{"longest", "is not nine"};
  }
  std::optional<std::string> answer(std::string_view parameters) override {
    if (parameters != "longest=9") return std::nullopt;
    return "longest=9";
  }
  uint64_t encodedBound(uint64_t size) const override {
    return size > UINT64_MAX / 2 ? UINT64_MAX : 2 * size;
  }

  Step decode(std::span<const uint8_t> data, bool last, std::span<uint8_t> room) override {
    static constexpr Failure broken{1007, "broken runs"};
    Step step;
    for (;;) {
      while (left_ > 0 && step.written < room.size()) {
        room[step.written++] = byte_;
        left_--;
      }
      if (left_ > 0 || step.taken == data.size()) break;
      const uint8_t next = data[step.taken++];
      if (half_) {
        byte_ = next;
        left_ = static_cast<size_t>(run_ - '0');
      } else {
        run_ = next;
      }
      half_ = !half_;
    }
    step.done = left_ == 0;
    if (step.done && last && half_) step.failure = &broken;
    return step;
  }

  std::optional<std::span<const uint8_t>> encode(std::span<const uint8_t> message) override {
    encoded_.clear();
    for (size_t i = 0; i < message.size();) {
      size_t run = 1;
      while (run < 9 && i + run < message.size() && message[i + run] == message[i]) ++run;
      encoded_.push_back(static_cast<uint8_t>('0' + run));
      encoded_.push_back(message[i]);
      i += run;
    }
    if (encoded_.size() >= message.size()) return std::nullopt;
    return encoded_;
  }
  bool beginPieces() override { return false; }
  std::span<const uint8_t> encodePiece(std::span<const uint8_t>, bool) override { return {}; }

 private:
  // Of the message that is being decoded.
  bool half_ = false;
  uint8_t run_ = 0;
  uint8_t byte_ = 0;
  size_t left_ = 0;
  Octets encoded_;
};

// The same events for the whole stream, for every cut in two and byte by byte, in both roles.
Events decodeWithRuns(std::initializer_list<Frame> frames, uint64_t maxPayload = UINT64_MAX) {
  Events result;
  for (const Role role : {Role::client, Role::server}) {
    const Octets stream = wire(role, frames);
    const auto decodeCut = [&](std::span<const size_t> cuts) {
      RunLengths runs;
      return decode({.role = role, .maxPayload = maxPayload, .extension = &runs}, stream, cuts);
    };
    result = decodeCut({});
    for (size_t cut = 0; cut <= stream.size(); ++cut) {
      CHECK(decodeCut(std::array{cut}) == result);
    }
    std::vector<size_t> all;
    for (size_t cut = 1; cut < stream.size(); ++cut) all.push_back(cut);
    CHECK(decodeCut(all) == result);
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
  const auto encoded = runs.encode({reinterpret_cast<const uint8_t*>("aaaabbbb"), 8});
  REQUIRE(encoded);
  Octets frame(frameSize(Role::server, encoded->size()));
  writeFrame(frame.data(), Role::server, Opcode::text, encoded->data(), encoded->size(), nullptr,
             true, kRsv1);
  CHECK(decode({.role = Role::client, .extension = &runs}, frame) == Events{"text aaaabbbb"});
  CHECK_FALSE(runs.encode({reinterpret_cast<const uint8_t*>("abc"), 3}));
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
