#include <stdexcept>

#include "coalesce.h"
#include "counter.h"
#include "fault.h"
#include "recorder.h"
#include "spec.h"

namespace lwspool::bio {

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
    case Kind::memory:
    case Kind::custom:
      break;
  }
  throw std::runtime_error("this BIO cannot be made here");
}

}  // namespace lwspool::bio
