// JavaScript: new Endpoint(options), where connections go. Belongs to the thread that made it; what
// it holds is shared with all.
#pragma once

#include <napi.h>

#include <memory>

#include "../core/channel/endpoint.h"

namespace lwspool {

class EndpointBinding : public Napi::ObjectWrap<EndpointBinding> {
 public:
  explicit EndpointBinding(const Napi::CallbackInfo&);
  static void define(Napi::Env, Napi::Object exports);
  // The endpoint behind an argument; throws a TypeError for anything else. JavaScript thread.
  static std::shared_ptr<const Endpoint> from(const Napi::Value&);

 private:
  std::shared_ptr<const Endpoint> endpoint_;
};

}  // namespace lwspool
