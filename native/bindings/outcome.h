// What operations of leases answer to JavaScript, and how it names them. JavaScript thread.
#pragma once

#include <napi.h>

#include "../core/lease/leases.h"
#include "arguments.h"
#include "bio_host.h"

namespace lwspool {

// Numbers below zero, mirrored by src/lease/outcome.ts: -1 and down a Refusal, then what an
// attempt to read or write found, then the negative of errno beyond kErrno.
inline constexpr int kAgain = -10;
inline constexpr int kTruncated = -11;
inline constexpr int kBound = -12;
inline constexpr int kErrno = -100;

inline Napi::Value numberOf(Napi::Env env, double value) { return Napi::Number::New(env, value); }

inline int codeOf(const Leases::Outcome& outcome) {
  if (outcome.refusal != Refusal::none) return static_cast<int>(outcome.refusal);
  if (outcome.error == kOtherThread) return kBound;
  return outcome.error == 0 ? 0 : kErrno - outcome.error;
}

inline Napi::Value outcomeOf(Napi::Env env, const Leases::Outcome& outcome, double value = 0) {
  return numberOf(env, outcome ? value : codeOf(outcome));
}

// The slot's lock is held by this very thread, while a function of a BIO runs.
inline void refuseInside(const Napi::CallbackInfo& info) {
  if (BioHost::inside()) {
    throw Napi::Error::New(info.Env(), "a BIO can do nothing with leases while it is called");
  }
}

inline LeaseName leaseName(const Napi::CallbackInfo& info) {
  refuseInside(info);
  return {connectionId(info), static_cast<uint64_t>(info[2].As<Napi::Number>().DoubleValue())};
}

inline int integer(const Napi::CallbackInfo& info, size_t index) {
  return info[index].As<Napi::Number>().Int32Value();
}

}  // namespace lwspool
