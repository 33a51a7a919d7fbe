#include "pcapng.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

namespace lwspool::bio::pcapng {

namespace {

constexpr uint32_t kSectionHeader = 0x0a0d0d0a;
constexpr uint32_t kByteOrder = 0x1a2b3c4d;
constexpr uint32_t kInterface = 1;
constexpr uint32_t kPacket = 6;
constexpr uint32_t kSecrets = 10;
constexpr uint32_t kTlsKeyLog = 0x544c534b;
constexpr uint16_t kEthernet = 1;  // LINKTYPE_ETHERNET

// Numbers of a block are in this machine's order, those of a packet in the network's.
template <class Number>
void put(std::string& out, Number number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}
void put16(std::string& out, uint16_t number) { put(out, htons(number)); }
void put32(std::string& out, uint32_t number) { put(out, htonl(number)); }

void pad(std::string& out) { out.append((4 - out.size() % 4) % 4, '\0'); }

std::string block(uint32_t type, std::string body) {
  pad(body);
  const auto length = static_cast<uint32_t>(body.size() + 12);
  std::string out;
  put(out, type);
  put(out, length);
  out += body;
  put(out, length);
  return out;
}

uint32_t sumOf(std::string_view bytes, uint32_t sum = 0) {
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
    sum += static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])) << 8 |
           static_cast<uint8_t>(bytes[i + 1]);
  }
  if (bytes.size() % 2 == 1) sum += static_cast<uint32_t>(static_cast<uint8_t>(bytes.back())) << 8;
  return sum;
}

// RFC 1071.
uint16_t checksum(uint32_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

void set16(std::string& bytes, size_t at, uint16_t number) {
  const uint16_t value = htons(number);
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

struct Address {
  std::string bytes;  // 4 or 16
  uint16_t port = 0;
};

Address addressOf(const End& end) {
  Address out;
  if (end.address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(end.address);
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
    const auto* const bytes = reinterpret_cast<const char*>(&v6.sin6_addr);
    out.bytes.assign(bytes + (mapped ? 12 : 0), mapped ? 4 : 16);
    out.port = ntohs(v6.sin6_port);
    return out;
  }
  if (end.address.ss_family != AF_INET) return {std::string("\x7f\0\0\1", 4), 0};
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(end.address);
  put(out.bytes, v4.sin_addr.s_addr);
  out.port = ntohs(v4.sin_port);
  return out;
}

std::string ipHeader(const Address& from, const Address& to, size_t payload) {
  std::string out;
  if (from.bytes.size() == 16) {
    put32(out, 6u << 28);
    put16(out, static_cast<uint16_t>(payload));
    out += static_cast<char>(IPPROTO_TCP);
    out += '\x40';  // hop limit
    return out + from.bytes + to.bytes;
  }
  out += '\x45';  // version and length
  out += '\0';
  put16(out, static_cast<uint16_t>(payload + 20));
  put32(out, 0x4000);  // no identification; "don't fragment"
  out += '\x40';       // time to live
  out += static_cast<char>(IPPROTO_TCP);
  put16(out, 0);
  out += from.bytes + to.bytes;
  set16(out, 10, checksum(sumOf(out)));
  return out;
}

std::string tcpHeader(const End& from, const End& to, uint16_t fromPort, uint16_t toPort,
                      uint8_t flags) {
  std::string out;
  put16(out, fromPort);
  put16(out, toPort);
  put32(out, from.sequence);
  put32(out, (flags & tcp::kAck) != 0 ? to.sequence : 0);
  out += '\x50';  // length
  out += static_cast<char>(flags);
  put16(out, 65'535);  // window
  put32(out, 0);       // checksum, urgent pointer
  return out;
}

}  // namespace

std::string header() {
  std::string section;
  put(section, kByteOrder);
  put(section, uint16_t{1});
  put(section, uint16_t{0});
  put(section, int64_t{-1});  // its length: not said
  std::string interface;
  put(interface, kEthernet);
  put(interface, uint16_t{0});
  put(interface, uint32_t{0});  // no limit to a packet
  return block(kSectionHeader, section) + block(kInterface, interface);
}

std::string secrets(std::string_view lines) {
  std::string body;
  put(body, kTlsKeyLog);
  put(body, static_cast<uint32_t>(lines.size()));
  body += lines;
  return block(kSecrets, body);
}

std::string packet(std::string_view bytes, uint64_t time) {
  std::string body;
  put(body, uint32_t{0});  // interface
  put(body, static_cast<uint32_t>(time >> 32));
  put(body, static_cast<uint32_t>(time));
  put(body, static_cast<uint32_t>(bytes.size()));
  put(body, static_cast<uint32_t>(bytes.size()));
  body += bytes;
  return block(kPacket, body);
}

std::string segment(const End& from, const End& to, uint8_t flags, std::string_view payload) {
  Address source = addressOf(from);
  Address destination = addressOf(to);
  std::string tcp = tcpHeader(from, to, source.port, destination.port, flags);
  tcp += payload;
  // RFC 9293, 3.1: with the addresses, the protocol and the length in front.
  const uint32_t sum = sumOf(source.bytes) + sumOf(destination.bytes) + IPPROTO_TCP +
                       static_cast<uint32_t>(tcp.size());
  set16(tcp, 16, checksum(sumOf(tcp, sum)));
  const bool v6 = source.bytes.size() == 16;
  // An address that nobody was given, for both ends.
  std::string frame("\2\0\0\0\0\0\2\0\0\0\0\0", 12);
  put16(frame, v6 ? 0x86dd : 0x0800);
  return frame + ipHeader(source, destination, tcp.size()) + tcp;
}

}  // namespace lwspool::bio::pcapng
