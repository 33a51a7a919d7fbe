// What this kernel's io_uring can do (io_uring_get_probe(3), io_uring_setup(2)). Any thread.
#pragma once

#include <string>
#include <vector>

namespace lwspool {

struct RingFeatures {
  int error = 0;                      // errno: there is none, or it may not be used
  std::vector<std::string> features;  // IORING_FEAT_*, without that
  std::vector<std::string> opcodes;   // IORING_OP_*, without that
};

RingFeatures readRingFeatures();

}  // namespace lwspool
