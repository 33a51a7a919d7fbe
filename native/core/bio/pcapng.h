// Blocks of a pcapng file (draft-ietf-opsawg-pcapng), and the packets in them: TCP segments over
// made-up Ethernet, so that any reader of such files takes them for a conversation it has seen.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lwspool::bio::pcapng {

// Section Header and Interface Description.
std::string header();
// Decryption Secrets: lines as SSLKEYLOGFILE has them.
std::string secrets(std::string_view lines);
// Enhanced Packet, at that time (µs since the epoch).
std::string packet(std::string_view bytes, uint64_t time);

// One end of the conversation.
struct End {
  sockaddr_storage address{};
  uint32_t sequence = 0;  // of its next byte
};

namespace tcp {
inline constexpr uint8_t kFin = 0x01, kSyn = 0x02, kPush = 0x08, kAck = 0x10;
}

// What an IPv4 packet holds besides its headers at the most.
inline constexpr size_t kLongestSegment = 65'535 - 40;

// The frame of one segment. Ends of other families than IP become 127.0.0.1.
std::string segment(const End& from, const End& to, uint8_t flags, std::string_view payload);

}  // namespace lwspool::bio::pcapng
