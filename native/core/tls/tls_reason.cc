#include "tls_reason.h"

#include <openssl/err.h>

namespace lwspool {

std::string tlsReason() {
  const unsigned long error = ERR_peek_last_error();
  const char* reason = error != 0 ? ERR_reason_error_string(error) : nullptr;
  std::string text = reason != nullptr ? reason : "unknown reason";
  ERR_clear_error();
  return text;
}

}  // namespace lwspool
