#include "../../native/core/channel/outbox.h"

#include <doctest/doctest.h>

#include "support.h"

using namespace lwspool;
using namespace lwspool::test;

TEST_CASE("outbox: slabs are used again, and only once they were given back") {
  Outbox outbox;
  const uint32_t first = outbox.acquire();
  const uint32_t second = outbox.acquire();
  CHECK_NE(first, second);
  CHECK_NE(outbox.slab(first).get(), outbox.slab(second).get());
  CHECK_EQ(outbox.slab(first)->size(), kSlabSize);
  outbox.recycle(first);
  CHECK_EQ(outbox.acquire(), first);
  CHECK_NE(outbox.acquire(), second);
}

TEST_CASE("outbox: there is nothing under a number that was not given out") {
  Outbox outbox;
  CHECK_FALSE(outbox.slab(0));
  outbox.acquire();
  CHECK(outbox.slab(0));
  CHECK_FALSE(outbox.slab(1));
  CHECK_FALSE(outbox.slab(UINT32_MAX));
}

TEST_CASE("outbox: a slab lives for as long as somebody reads it") {
  SlabRef kept;
  {
    Outbox outbox;
    kept = outbox.slab(outbox.acquire());
    kept->data()[0] = 42;
  }
  CHECK_EQ(kept->data()[0], 42);
  const SlabRef copy = kept;
  SlabRef moved = std::move(kept);
  CHECK_EQ(copy.get(), moved.get());
  moved = SlabRef();
  CHECK_EQ(copy->data()[0], 42);
}
