// What two ends agree on for permessage-deflate (RFC 7692, 7.1). Pure: callable from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "extension.h"

namespace lwspool::ws {

// What one of our ends wants.
struct DeflateOptions {
  size_t threshold = 1024;  // shorter messages are sent as they are. Bytes
  int level = 3;            // of zlib's deflateInit2()
  int memLevel = 8;         // of the same
  bool serverNoContextTakeover = false;
  bool clientNoContextTakeover = false;
  uint8_t serverMaxWindowBits = 0;  // 8 to 15; 0: not spoken of
  uint8_t clientMaxWindowBits = 0;  // 8 to 15; 0: the server may choose
  uint32_t maxRatio = 0;            // of what comes in, decoded by encoded bytes; 0: any
};

// What both agreed on.
struct DeflateAgreement {
  bool serverNoContextTakeover = false;
  bool clientNoContextTakeover = false;
  uint8_t serverWindowBits = 15;
  uint8_t clientWindowBits = 15;
};

inline constexpr std::string_view kDeflateName = "permessage-deflate";

// Client: the parameters to offer.
std::string deflateOffer(const DeflateOptions&);
// Client: what the server's answer to that says, or what is wrong with it.
std::optional<Misfit> readDeflateAnswer(const DeflateOptions&, std::string_view parameters,
                                        DeflateAgreement&);
// Server: the parameters to answer to an offer; nothing: it is declined.
std::optional<std::string> answerDeflateOffer(const DeflateOptions&, std::string_view parameters,
                                              DeflateAgreement&);

}  // namespace lwspool::ws
