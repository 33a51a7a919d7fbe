// Why a peer's stream is refused. Constants: any thread may read them.
#pragma once

#include <cstdint>

#include "close_code.h"

namespace lwspool::ws {

// The connection has to be failed (RFC 6455, 7.1.7): the code to send in our close frame, and a
// text for people, which lives as long as the program.
struct Failure {
  uint16_t code;
  const char* reason;
};

namespace failure {

using namespace close_code;

inline constexpr Failure reservedBits{protocolError, "reserved bits set without an extension"};
inline constexpr Failure reservedOpcode{protocolError, "reserved opcode"};
inline constexpr Failure maskedServerFrame{protocolError, "frame from a server is masked"};
inline constexpr Failure unmaskedClientFrame{protocolError, "frame from a client is not masked"};
inline constexpr Failure fragmentedControl{protocolError, "control frame is fragmented"};
inline constexpr Failure longControl{protocolError, "control frame is longer than 125 bytes"};
inline constexpr Failure longLength{protocolError, "payload length is not in its shortest form"};
inline constexpr Failure hugeLength{protocolError, "payload length has its highest bit set"};
inline constexpr Failure strayContinuation{protocolError, "continuation without a message"};
inline constexpr Failure missingContinuation{protocolError, "new message inside a fragmented one"};
inline constexpr Failure shortClose{protocolError, "close frame with half a status code"};
inline constexpr Failure invalidCloseCode{protocolError, "invalid close code"};
inline constexpr Failure invalidText{invalidPayload, "text is not valid UTF-8"};
inline constexpr Failure invalidCloseReason{invalidPayload, "close reason is not valid UTF-8"};
inline constexpr Failure messageTooBig{tooBig, "message is longer than maxPayload"};
inline constexpr Failure corruptData{invalidPayload, "compressed data is corrupt"};
inline constexpr Failure truncatedData{invalidPayload, "compressed data ends inside a block"};
inline constexpr Failure ratioExceeded{tooBig, "message inflates beyond maxRatio"};
inline constexpr Failure outOfMemory{tooBig, "no memory for the message"};

}  // namespace failure
}  // namespace lwspool::ws
