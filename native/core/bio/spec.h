// What the options of a connection or a lease say of a BIO. Immutable once made; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "layer.h"

namespace lwspool::bio {

// Probabilities are those of one call. Everything is drawn from the seed, so that a run can be
// repeated as far as the peer and the kernel let it.
struct FaultOptions {
  uint64_t seed = 0;
  double shortReads = 0;
  double shortWrites = 0;
  double retries = 0;
  double delays = 0;
  uint32_t delay = 0;  // ms
  // Places in the stream, counted from 0 where the BIO was put; -1: none.
  int64_t corruptRead = -1;
  int64_t corruptWrite = -1;
  int64_t resetAfter = -1;  // bytes of both directions together
};

struct Spec {
  Kind kind = Kind::counter;
  size_t records = 0;  // recorder: how many are kept
  size_t limit = 0;    // capture: bytes of the file; coalesce: bytes kept
  std::string file;    // capture
  FaultOptions fault;
  std::string module;  // custom: by which the worker finds it
};

// A BIO that could not be made.
struct Failure : std::runtime_error {
  Failure(const std::string& reason, std::string stack)
      : std::runtime_error(reason), thrown(std::move(stack)) {}
  const std::string thrown;  // of the user's code: its stack
};

// Where a BIO is made for: worker thread, or that of a lease's holder.
struct Place {
  int fd = -1;
  std::string connection;  // its id
  uint64_t number = 0;     // of this BIO among those made of the same spec
};

// Throws std::runtime_error that says why there can be none. Kind::custom is made elsewhere.
std::shared_ptr<Layer> make(const Spec&, const Place&);

}  // namespace lwspool::bio
