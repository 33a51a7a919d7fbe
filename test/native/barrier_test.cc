#include "../../native/core/base/barrier.h"

#include <doctest/doctest.h>

#include <new>
#include <stdexcept>
#include <string>
#include <thread>

using namespace lwspool;

TEST_CASE("barrier: what is thrown stops there, and the first is told, once") {
  CHECK_EQ(Barrier::guard(1, [] { return 2; }), 2);
  CHECK_EQ(std::string(Barrier::taken()), "");
  CHECK_EQ(Barrier::guard(1, []() -> int { throw std::bad_alloc(); }), 1);
  Barrier::guard([] { throw std::runtime_error("a later one"); });
  Barrier::guard([] { throw 5; });
  CHECK_EQ(std::string(Barrier::taken()), "std::bad_alloc");
  CHECK_EQ(std::string(Barrier::taken()), "");
  Barrier::guard([] { throw 5; });
  CHECK_EQ(std::string(Barrier::taken()), "an exception");
}

TEST_CASE("barrier: it belongs to its thread, and long texts are cut") {
  std::thread([] {
    Barrier::guard([] { throw std::runtime_error(std::string(1000, 'x')); });
    CHECK_EQ(std::string(Barrier::taken()), std::string(95, 'x'));
    Barrier::guard([] { throw std::bad_alloc(); });
  }).join();
  CHECK_EQ(std::string(Barrier::taken()), "");
}
