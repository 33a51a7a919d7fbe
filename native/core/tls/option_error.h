// An option that OpenSSL does not take.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace lwspool {

class TlsOptionError : public std::runtime_error {
 public:
  // `name`: of the option, as JavaScript has it; `reason`: why it was refused.
  TlsOptionError(std::string name, const std::string& reason)
      : std::runtime_error(reason), option(std::move(name)) {}
  const std::string option;
};

}  // namespace lwspool
