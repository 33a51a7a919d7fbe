// Status codes of a close frame (RFC 6455, 7.4, and the IANA registry) and who may use which.
// Pure functions: callable from any thread.
#pragma once

#include <cstdint>

namespace lwspool::ws {

namespace close_code {

inline constexpr uint16_t normal = 1000;
inline constexpr uint16_t goingAway = 1001;
inline constexpr uint16_t protocolError = 1002;
inline constexpr uint16_t unsupportedData = 1003;
inline constexpr uint16_t noStatus = 1005;  // never on the wire: the frame carried no code
inline constexpr uint16_t abnormal = 1006;  // never on the wire: there was no close frame
inline constexpr uint16_t invalidPayload = 1007;
inline constexpr uint16_t policyViolation = 1008;
inline constexpr uint16_t tooBig = 1009;
inline constexpr uint16_t missingExtension = 1010;
inline constexpr uint16_t internalError = 1011;
inline constexpr uint16_t serviceRestart = 1012;
inline constexpr uint16_t tryAgainLater = 1013;
inline constexpr uint16_t badGateway = 1014;

}  // namespace close_code

// May stand in a close frame: 1000-1003, 1007-1014 and 3000-4999. The same codes an application
// may send; 1004 is reserved, 1005, 1006 and 1015 are names for what happened without a frame.
constexpr bool isCloseCode(uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

}  // namespace lwspool::ws
