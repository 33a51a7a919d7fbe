#include "../../native/core/base/out_buffer.h"

#include <doctest/doctest.h>

#include "support.h"

using namespace lwspool;
using namespace lwspool::test;

TEST_CASE("out buffer: nothing at all may be put in at any time") {
  OutBuffer out;
  out.append("", 0);
  out.append(nullptr, 0);
  CHECK(out.empty());
  out.append("abc", 3);
  out.append(nullptr, 0);
  CHECK_EQ(toString(out.front(), out.size()), "abc");
  out.consume(3);
  CHECK(out.empty());
  out.clear();
  out.clear();
}

TEST_CASE("out buffer: what goes in comes out, in order, however it is taken") {
  std::mt19937_64 random(seed());
  for (int run = 0; run < 50; run++) {
    OutBuffer out;
    std::string model;
    uint8_t next = 0;
    for (int step = 0; step < 300; step++) {
      if (random() % 2 == 0) {
        const size_t size = random() % (random() % 8 == 0 ? 50'000 : 200);
        std::string bytes(size, '\0');
        for (char& byte : bytes) byte = static_cast<char>(next++);
        if (random() % 2 == 0) {
          out.append(bytes.data(), size);
        } else {  // reserves more than it needs
          uint8_t* room = out.reserve(size + random() % 100);
          if (size > 0) std::memcpy(room, bytes.data(), size);
          out.commit(size);
        }
        model += bytes;
      } else if (!model.empty()) {
        const size_t size = random() % 3 == 0 ? model.size() : random() % model.size() + 1;
        out.consume(size);
        model.erase(0, size);
      }
      REQUIRE_EQ(out.size(), model.size());
      REQUIRE_EQ(out.empty(), model.empty());
      REQUIRE(toString(out.front(), out.size()) == model);
    }
  }
}
