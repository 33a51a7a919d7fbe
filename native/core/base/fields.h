// Named values that accompany an event: small, rare, and of any content.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lwspool {

class Fields {
 public:
  Fields& set(std::string_view name, std::string_view value) {
    for (auto& [key, old] : entries_) {
      if (key == name) {
        old = value;
        return *this;
      }
    }
    entries_.emplace_back(name, value);
    return *this;
  }
  std::string_view get(std::string_view name) const {
    for (const auto& [key, value] : entries_) {
      if (key == name) return value;
    }
    return {};
  }
  bool empty() const { return entries_.empty(); }

  // Each entry as two byte strings, each led by its length as a 32-bit number of this machine.
  std::string encode() const {
    std::string out;
    for (const auto& [key, value] : entries_) {
      put(out, key);
      put(out, value);
    }
    return out;
  }
  // Stops at the first thing that is not as encode() writes it.
  static Fields decode(std::string_view in) {
    Fields fields;
    std::string_view key;
    std::string_view value;
    while (get(in, key) && get(in, value)) fields.set(key, value);
    return fields;
  }

 private:
  static void put(std::string& out, std::string_view value) {
    const auto length = static_cast<uint32_t>(value.size());
    out.append(reinterpret_cast<const char*>(&length), sizeof length);
    out.append(value);
  }
  static bool get(std::string_view& in, std::string_view& value) {
    uint32_t length;
    if (in.size() < sizeof length) return false;
    std::memcpy(&length, in.data(), sizeof length);
    if (in.size() - sizeof length < length) return false;
    value = in.substr(sizeof length, length);
    in.remove_prefix(sizeof length + length);
    return true;
  }

  std::vector<std::pair<std::string, std::string>> entries_;
};

// An error on its way to JavaScript, where src/errors/errors.ts makes its message.
struct ErrorInfo {
  std::string code;  // ERR_…; empty: no error
  Fields fields;

  explicit operator bool() const { return !code.empty(); }
  Fields encoded() const {
    Fields all = fields;
    all.set("code", code);
    return all;
  }
};

}  // namespace lwspool
