// Reads plain JavaScript objects that src/ has checked already. JavaScript thread.
#pragma once

#include <napi.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace lwspool {

// The first `most` of a list of texts.
inline std::vector<std::string> textsOf(const Napi::Array& array, uint32_t most = UINT32_MAX) {
  std::vector<std::string> list;
  const uint32_t length = std::min(array.Length(), most);
  for (uint32_t i = 0; i < length; i++) {
    list.push_back(array.Get(i).As<Napi::String>().Utf8Value());
  }
  return list;
}

class OptionsReader {
 public:
  explicit OptionsReader(Napi::Object object) : object_(object) {}

  bool has(const char* name) const { return !object_.Get(name).IsUndefined(); }
  std::string text(const char* name) const {
    const Napi::Value value = object_.Get(name);
    return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
  }
  // One byte for each character, as header values are sent.
  std::string latin1(const char* name) const {
    const Napi::Value value = object_.Get(name);
    if (!value.IsString()) return {};
    size_t length = 0;
    napi_get_value_string_latin1(value.Env(), value, nullptr, 0, &length);
    std::string text(length + 1, '\0');
    napi_get_value_string_latin1(value.Env(), value, text.data(), text.size(), &length);
    text.resize(length);
    return text;
  }
  uint32_t number(const char* name, uint32_t otherwise = 0) const {
    const Napi::Value value = object_.Get(name);
    return value.IsNumber() ? value.As<Napi::Number>().Uint32Value() : otherwise;
  }
  bool flag(const char* name, bool otherwise = false) const {
    const Napi::Value value = object_.Get(name);
    return value.IsBoolean() ? value.As<Napi::Boolean>().Value() : otherwise;
  }
  size_t length(const char* name) const {
    const Napi::Value value = object_.Get(name);
    return value.IsArray() ? value.As<Napi::Array>().Length() : 0;
  }
  // The first `most` of a list.
  std::vector<std::string> texts(const char* name, uint32_t most = UINT32_MAX) const {
    const Napi::Value value = object_.Get(name);
    if (!value.IsArray()) return {};
    return textsOf(value.As<Napi::Array>(), most);
  }

 private:
  const Napi::Object object_;
};

}  // namespace lwspool
