// How fast the codec is, in a program of its own: `scripts/native-tests.mjs --bench`. Each figure
// is the best of several rounds, on one thread, with everything in the cache.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "../../native/core/ws/frame_decoder_feed.h"
#include "../../native/core/ws/frame_encoder.h"
#include "../../native/core/ws/utf8.h"

namespace {

using namespace lwspool::ws;

constexpr int kRounds = 40;
constexpr size_t kBuffer = 64 * 1024;

// Best time of one run of `work`, in nanoseconds; each round repeats it for a few milliseconds.
template <class Work>
double bestNanoseconds(Work work) {
  using Clock = std::chrono::steady_clock;
  double best = 1e18;
  for (int round = 0; round < kRounds; ++round) {
    int times = 0;
    const auto begin = Clock::now();
    std::chrono::duration<double, std::nano> spent{};
    do {
      work();
      ++times;
      spent = Clock::now() - begin;
    } while (spent.count() < 5e6);
    best = std::min(best, spent.count() / times);
  }
  return best;
}

struct CountingSink {
  size_t messages = 0;
  size_t bytes = 0;
  void message(Opcode, const uint8_t* data, size_t size) {
    ++messages;
    bytes += size + data[0];
  }
  void message(Opcode, Bytes&& data) {
    ++messages;
    bytes += data.size();
  }
  void ping(const uint8_t*, size_t) {}
  void pong(const uint8_t*, size_t) {}
  void close(uint16_t, const uint8_t*, size_t) {}
};

// A read buffer full of equal frames, as `sender` writes them.
std::vector<uint8_t> fullBuffer(Role sender, Opcode opcode, size_t size, size_t& frames) {
  MaskSource masks;
  const std::vector<uint8_t> payload(size, 'a');
  std::vector<uint8_t> buffer(kBuffer);
  frames = kBuffer / frameSize(sender, size);
  uint8_t* at = buffer.data();
  for (size_t i = 0; i < frames; ++i) {
    at += writeFrame(at, sender, opcode, payload.data(), size, &masks);
  }
  buffer.resize(static_cast<size_t>(at - buffer.data()));
  return buffer;
}

void benchDecode(const char* name, Role role, Opcode opcode) {
  size_t frames;
  auto buffer = fullBuffer(role == Role::client ? Role::server : Role::client, opcode, 64, frames);
  FrameDecoder decoder({.role = role});
  CountingSink sink;
  // Unmasking changes the buffer, headers excepted: later runs unmask to other bytes, which is the
  // same work. Text must stay text and is therefore measured in the client role only.
  const double time = bestNanoseconds([&] { decoder.feed(buffer.data(), buffer.size(), sink); });
  std::printf("%-44s %8.2f ns/frame\n", name, time / static_cast<double>(frames));
  if (decoder.stopped()) std::puts("  (the stream failed: not a valid figure)");
}

void benchEncode(const char* name, Role role, size_t size) {
  MaskSource masks;
  const std::vector<uint8_t> payload(size, 'a');
  std::vector<uint8_t> out(frameSize(role, size));
  const double time = bestNanoseconds([&] {
    for (int i = 0; i < 100; ++i) {
      writeFrame(out.data(), role, Opcode::binary, payload.data(), size, &masks);
      asm volatile("" ::"r"(out.data()) : "memory");
    }
  });
  std::printf("%-44s %8.2f ns/frame %8.2f GB/s\n", name, time / 100,
              static_cast<double>(size) * 100 / time);
}

void benchUtf8(const char* name, std::string_view sample) {
  std::string text;
  while (text.size() + sample.size() <= kBuffer) text += sample;
  bool valid = true;
  const double time = bestNanoseconds(
      [&] { valid &= isUtf8(reinterpret_cast<const uint8_t*>(text.data()), text.size()); });
  std::printf("%-44s %8.2f GB/s%s\n", name, static_cast<double>(text.size()) / time,
              valid ? "" : " (not valid?)");
}

}  // namespace

int main() {
  benchDecode("decode 64 bytes binary, from a server", Role::client, Opcode::binary);
  benchDecode("decode 64 bytes text, from a server", Role::client, Opcode::text);
  benchDecode("decode 64 bytes binary, masked", Role::server, Opcode::binary);
  benchEncode("encode 64 bytes, masked", Role::client, 64);
  benchEncode("encode 64 bytes, not masked", Role::server, 64);
  benchEncode("encode 64 KiB, masked", Role::client, 65536);
  benchUtf8("UTF-8, ASCII", "The quick brown fox jumps over the lazy dog. ");
  benchUtf8("UTF-8, French",
            "Voix ambiguë d’un cœur qui, au zéphyr, préfère les jattes de kiwis. ");
  benchUtf8("UTF-8, Russian", "Съешь же ещё этих мягких французских булок, да выпей чаю. ");
  benchUtf8("UTF-8, Chinese", "天地玄黄，宇宙洪荒。日月盈昃，辰宿列张。");
  benchUtf8("UTF-8, emoji", "😀😁😂🤣😃😄😅😆😉😊");
}
