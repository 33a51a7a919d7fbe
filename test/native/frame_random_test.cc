// Random streams, mostly right, cut at random, against the reference.
#include <doctest/doctest.h>

#include <chrono>

#include "reference_decoder.h"
#include "ws_frames.h"

using namespace lwspool::test;

namespace {

using Random = std::mt19937_64;

bool oneIn(Random& random, uint64_t n) { return random() % n == 0; }

std::string randomText(Random& random, size_t size) {
  const char* const characters[] = {"a", "b", " ", "é", "ж", "€", "語", "😀"};
  std::string out;
  const bool ascii = oneIn(random, 2);
  while (out.size() < size) out += characters[random() % (ascii ? 3 : 8)];
  if (oneIn(random, 8)) out.resize(size);  // may cut a character
  return out;
}

std::string randomBinary(Random& random, size_t size) {
  std::string out(size, '\0');
  for (char& byte : out) byte = static_cast<char>(random());
  return out;
}

size_t randomSize(Random& random) {
  if (oneIn(random, 40)) return 65530 + random() % 12;
  if (oneIn(random, 8)) return 120 + random() % 12;
  return random() % (oneIn(random, 4) ? 3000 : 40);
}

// A stream of messages, some in fragments, with control frames strewn in.
Octets randomStream(Random& random, Role role) {
  Octets out;
  const auto control = [&] {
    if (!oneIn(random, 6)) return;
    const uint8_t first = oneIn(random, 2) ? 0x89 : 0x8A;
    out = out + wire(role, Frame{first, randomBinary(random, random() % 126)});
  };
  for (size_t messages = 1 + random() % 6; messages > 0; --messages) {
    control();
    const bool text = oneIn(random, 2);
    const size_t size = randomSize(random);
    const std::string message = text ? randomText(random, size) : randomBinary(random, size);
    const size_t fragments = oneIn(random, 3) ? 1 + random() % 5 : 1;
    for (size_t i = 0, from = 0; i < fragments; ++i) {
      const bool last = i + 1 == fragments;
      const size_t rest = message.size() - from;
      const size_t size = last ? rest : random() % (rest + 1);
      const int opcode = i > 0 ? 0 : text ? 1 : 2;
      const auto first = static_cast<uint8_t>((last ? 0x80 : 0) | opcode);
      out = out + wire(role, Frame{first, message.substr(from, size)});
      from += size;
      if (!last) control();
    }
  }
  if (oneIn(random, 4)) {
    const auto code = static_cast<uint16_t>(oneIn(random, 2) ? 990 + random() % 40 : random());
    out = out + wire(role, Frame{0x88, closing(code, randomText(random, random() % 100))});
  }
  if (oneIn(random, 3)) {
    for (size_t flips = 1 + random() % 3; flips > 0; --flips) {
      const size_t place =
          oneIn(random, 2) ? random() % out.size() : random() % std::min<size_t>(out.size(), 16);
      out[place] ^= static_cast<uint8_t>(1 << random() % 8);
    }
  }
  if (oneIn(random, 5)) out.resize(random() % (out.size() + 1));
  return out;
}

std::vector<size_t> randomCuts(Random& random, size_t size) {
  std::vector<size_t> cuts;
  const size_t step = oneIn(random, 3) ? 8 : oneIn(random, 2) ? 300 : 20000;
  for (size_t at = random() % step; at < size; at += random() % step) cuts.push_back(at);
  return cuts;
}

}  // namespace

TEST_CASE("random: streams of all kinds give what the reference gives") {
  Random random(seed());
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds(1.5));
  size_t streams = 0;
  size_t failures = 0;
  size_t events = 0;
  do {
    const Role role = oneIn(random, 2) ? Role::client : Role::server;
    const Octets stream = randomStream(random, role);
    DecoderOptions options{.role = role};
    if (oneIn(random, 4)) options.maxPayload = random() % 5000;
    const Events expected = referenceDecode(options, stream);
    const auto cuts = randomCuts(random, stream.size());
    if (decode(options, stream, cuts) != expected) FAIL("stream ", streams, ", cut");
    if (decode(options, stream) != expected) FAIL("stream ", streams, ", whole");
    ++streams;
    events += expected.size();
    failures += !expected.empty() && expected.back().starts_with("failure");
  } while (std::chrono::steady_clock::now() < end);
  MESSAGE(streams, " streams, ", events, " events, ", failures, " failures");
  CHECK(failures < streams);
}
