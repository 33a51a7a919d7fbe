// RFC 6455 once more, slow and plain, to compare the real decoder with: the whole stream at once,
// every text checked from its beginning, characters by their number. It knows no extension.
#pragma once

#include <string>

#include "ws_frames.h"

namespace lwspool::test {

// Could this become valid UTF-8 (`open`), or is it already?
inline bool referenceUtf8(std::string_view text, bool open) {
  const auto byteAt = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  for (size_t i = 0; i < text.size();) {
    const uint8_t lead = byteAt(i);
    size_t length;
    if (lead < 0x80) {
      length = 1;
    } else if (lead >= 0xC0 && lead < 0xE0) {
      length = 2;
    } else if (lead >= 0xE0 && lead < 0xF0) {
      length = 3;
    } else if (lead >= 0xF0 && lead < 0xF8) {
      length = 4;
    } else {
      return false;
    }
    // The least and the greatest character that this can be, should bytes be missing.
    uint32_t least = length == 1 ? lead : lead & (0x7F >> length);
    uint32_t greatest = least;
    for (size_t k = 1; k < length; ++k) {
      const bool there = i + k < text.size();
      if (!there && !open) return false;
      if (there && (byteAt(i + k) & 0xC0) != 0x80) return false;
      least = least << 6 | (there ? byteAt(i + k) & 0x3F : 0);
      greatest = greatest << 6 | (there ? byteAt(i + k) & 0x3F : 0x3F);
    }
    constexpr uint32_t kFirstOfLength[] = {0, 0, 0x80, 0x800, 0x10000};
    if (greatest < kFirstOfLength[length] || least > 0x10FFFF) return false;
    if (least >= 0xD800 && greatest <= 0xDFFF) return false;
    i += length;
  }
  return true;
}

inline Events referenceDecode(const DecoderOptions& options, const Octets& stream) {
  Events events;
  const auto fail = [&events](const Failure& failure) {
    events.push_back(failureEvent(failure));
    return events;
  };
  const bool server = options.role == Role::server;
  std::string message;  // the fragments so far
  int messageOpcode = 0;
  for (size_t start = 0;;) {
    const size_t have = stream.size() - start;
    const uint8_t* const frame = stream.data() + start;
    if (have < 2) return events;
    const bool fin = frame[0] >= 0x80;
    const int opcode = frame[0] % 16;
    const bool control = opcode >= 8;
    const int shortLength = frame[1] % 128;
    if (frame[0] / 16 % 8 != 0) return fail(failure::reservedBits);
    if ((opcode > 2 && opcode < 8) || opcode > 10) return fail(failure::reservedOpcode);
    if (server && frame[1] < 128) return fail(failure::unmaskedClientFrame);
    if (!server && frame[1] >= 128) return fail(failure::maskedServerFrame);
    if (control && !fin) return fail(failure::fragmentedControl);
    if (control && shortLength > 125) return fail(failure::longControl);

    const size_t extended = shortLength == 126 ? 2 : shortLength == 127 ? 8 : 0;
    const size_t header = 2 + extended + (server ? 4 : 0);
    if (have < header) return events;
    uint64_t length = extended == 0 ? static_cast<uint64_t>(shortLength) : 0;
    for (size_t i = 0; i < extended; ++i) length = length * 256 + frame[2 + i];
    if (extended == 2 && length <= 125) return fail(failure::longLength);
    if (extended == 8 && length <= 0xFFFF) return fail(failure::longLength);
    if (length > INT64_MAX) return fail(failure::hugeLength);
    if (!control && opcode == 0 && messageOpcode == 0) return fail(failure::strayContinuation);
    if (!control && opcode != 0 && messageOpcode != 0) return fail(failure::missingContinuation);
    if (!control && length + message.size() > options.maxPayload) {
      return fail(failure::messageTooBig);
    }

    std::string payload;
    for (size_t i = 0; i < length && header + i < have; ++i) {
      const uint8_t key = server ? frame[header - 4 + i % 4] : 0;
      payload += static_cast<char>(frame[header + i] ^ key);
    }
    const bool whole = payload.size() == length;
    if (!control) {
      if (opcode != 0) messageOpcode = opcode;
      message += payload;
      const bool more = !whole || !fin;
      if (messageOpcode == 1 && !referenceUtf8(message, more)) return fail(failure::invalidText);
    }
    if (!whole) return events;
    start += header + static_cast<size_t>(length);

    if (!control && fin) {
      events.push_back((messageOpcode == 1 ? "text " : "binary ") + message);
      message.clear();
      messageOpcode = 0;
    }
    if (opcode == 9) events.push_back("ping " + payload);
    if (opcode == 10) events.push_back("pong " + payload);
    if (opcode == 8) {
      if (payload.empty()) return events.push_back("close 1005 "), events;
      if (payload.size() == 1) return fail(failure::shortClose);
      const int code = static_cast<uint8_t>(payload[0]) * 256 + static_cast<uint8_t>(payload[1]);
      const bool standard = code >= 1000 && code <= 1014;
      const bool nameOnly = code == 1004 || code == 1005 || code == 1006;
      const bool registered = code >= 3000 && code < 5000;
      if (!(standard && !nameOnly) && !registered) return fail(failure::invalidCloseCode);
      const std::string reason = payload.substr(2);
      if (!referenceUtf8(reason, false)) return fail(failure::invalidCloseReason);
      events.push_back("close " + std::to_string(code) + " " + reason);
      return events;
    }
  }
}

}  // namespace lwspool::test
