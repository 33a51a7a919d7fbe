// JavaScript: new Leases(channelKey, side), the leases that one thread takes on the connections of
// one worker. All methods on the thread that made it. Each begins with (slot, generation, token),
// and answers a negative number where it did nothing: see outcomeOf() and
// src/lease/outcome.ts.
#pragma once

#include <napi.h>

#include "../core/lease/leases.h"

namespace lwspool {

class LeasesBinding : public Napi::ObjectWrap<LeasesBinding> {
 public:
  explicit LeasesBinding(const Napi::CallbackInfo&);
  static void define(Napi::Env, Napi::Object exports);
  Leases& leases() { return leases_; }

 private:
  // take(slot, generation, exclusive, frame, maxHold) -> token
  Napi::Value take(const Napi::CallbackInfo&);
  // release(slot, generation, token, duplicate) -> 1 where the connection ends of it
  Napi::Value release(const Napi::CallbackInfo&);
  Napi::Value check(const Napi::CallbackInfo&);
  // leftover() -> Buffer
  Napi::Value leftover(const Napi::CallbackInfo&);
  // duplicate(..., inode: Float64Array(1)) -> descriptor
  Napi::Value duplicate(const Napi::CallbackInfo&);
  // secure() -> 1 with TLS, 0 without
  Napi::Value secure(const Napi::CallbackInfo&);
  // exposeTls() -> pointer: bigint
  Napi::Value exposeTls(const Napi::CallbackInfo&);
  Napi::Value confirmFrameBoundary(const Napi::CallbackInfo&);
  // getOption(..., level, name, into: Uint8Array) -> bytes filled
  Napi::Value getOption(const Napi::CallbackInfo&);
  // setOption(..., level, name, value: Uint8Array)
  Napi::Value setOption(const Napi::CallbackInfo&);
  // queued(..., unsent: boolean) -> bytes
  Napi::Value queued(const Napi::CallbackInfo&);
  // addresses() -> fields, encoded
  Napi::Value addresses(const Napi::CallbackInfo&);
  // read(..., tls: boolean, into: Uint8Array) -> bytes
  Napi::Value read(const Napi::CallbackInfo&);
  // write(..., tls: boolean, from: Uint8Array) -> bytes
  Napi::Value write(const Napi::CallbackInfo&);
  // shutdown(..., how)
  Napi::Value shutdown(const Napi::CallbackInfo&);
  // TLS. What OpenSSL refuses is answered by its reason, a string.
  // tlsFacts() -> object, see tlsObject()
  Napi::Value tlsFacts(const Napi::CallbackInfo&);
  // tlsPending() -> bytes
  Napi::Value tlsPending(const Napi::CallbackInfo&);
  // tlsSession() -> Buffer | undefined
  Napi::Value tlsSession(const Napi::CallbackInfo&);
  // exportKeyingMaterial(..., into: Uint8Array, label, context: Uint8Array | undefined) -> true
  Napi::Value exportKeyingMaterial(const Napi::CallbackInfo&);
  // updateKeys(..., requestPeer) -> boolean
  Napi::Value updateKeys(const Napi::CallbackInfo&);
  // shutdownTls() -> boolean
  Napi::Value shutdownTls(const Napi::CallbackInfo&);
  // pushBio(..., options) -> true, or why not
  Napi::Value pushBio(const Napi::CallbackInfo&);
  // popBio() -> its figures, or why not: see bioObject()
  Napi::Value popBio(const Napi::CallbackInfo&);
  // bios() -> their figures, from the socket upwards
  Napi::Value bios(const Napi::CallbackInfo&);
  // detach(..., patience) -> { fd, ssl: bigint | undefined, leftover: Buffer }
  Napi::Value detach(const Napi::CallbackInfo&);
  // closeDuplicate(slot, generation, fd, inode)
  void closeDuplicate(const Napi::CallbackInfo&);
  // dropTls(pointer: bigint)
  void dropTls(const Napi::CallbackInfo&);
  void close(const Napi::CallbackInfo&);

  Leases leases_;
};

}  // namespace lwspool
