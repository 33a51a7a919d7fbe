#include <stdexcept>

#include "capture.h"
#include "coalesce.h"
#include "counter.h"
#include "fault.h"
#include "recorder.h"
#include "spec.h"

namespace lwspool::bio {

namespace {

// Several connections may have the same options, and each needs a file of its own.
std::string named(std::string file, const std::string& connection) {
  static constexpr std::string_view kId = "{id}";
  for (size_t at = 0; (at = file.find(kId, at)) != std::string::npos; at += connection.size()) {
    file.replace(at, kId.size(), connection);
  }
  return file;
}

}  // namespace

std::shared_ptr<Layer> make(const Spec& spec, const Place& place) {
  switch (spec.kind) {
    case Kind::counter:
      return std::make_shared<Counter>();
    case Kind::recorder:
      return std::make_shared<Recorder>(spec.records);
    case Kind::fault:
      return std::make_shared<Fault>(spec.fault, place.number);
    case Kind::coalesce:
      return std::make_shared<Coalesce>(spec.limit);
    case Kind::capture:
      if (place.fd < 0) throw std::runtime_error("a capture has to begin with the handshake");
      return std::make_shared<Capture>(named(spec.file, place.connection), spec.limit, place.fd);
    case Kind::memory:
    case Kind::custom:
      break;
  }
  throw std::runtime_error("this BIO cannot be made here");
}

}  // namespace lwspool::bio
