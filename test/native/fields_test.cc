#include "../../native/core/base/fields.h"

#include <doctest/doctest.h>

#include "support.h"

using namespace lwspool;
using namespace lwspool::test;

TEST_CASE("fields: what was set is found, the last of a name") {
  Fields fields;
  CHECK(fields.empty());
  fields.set("a", "1").set("b", "2").set("a", "3");
  CHECK_EQ(fields.get("a"), "3");
  CHECK_EQ(fields.get("b"), "2");
  CHECK_EQ(fields.get("c"), "");
  CHECK_FALSE(fields.empty());
}

TEST_CASE("fields: names and values of any content survive the way there and back") {
  const std::string_view odd("\0\xFF\r\n=", 5);
  Fields fields;
  fields.set(odd, "").set("", odd).set("long", std::string(70'000, 'x'));
  const Fields back = Fields::decode(fields.encode());
  CHECK_EQ(back.get(odd), "");
  CHECK_EQ(back.get(""), odd);
  CHECK_EQ(back.get("long").size(), 70'000);
  CHECK_EQ(back.encode(), fields.encode());
  CHECK(Fields::decode(Fields().encode()).empty());
}

TEST_CASE("fields: whatever is cut off or damaged is read up to there") {
  Fields fields;
  fields.set("first", "one").set("second", "two");
  const std::string whole = fields.encode();
  for (size_t size = 0; size < whole.size(); size++) {
    ExactCopy part(whole.data(), size);
    const Fields some = Fields::decode(toString(part.data(), part.size()));
    CHECK_EQ(some.get("second"), "");
    CHECK((some.empty() || some.get("first") == "one"));
  }
  std::mt19937_64 random(seed());
  for (int i = 0; i < 5000; i++) {
    std::string damaged = whole;
    for (uint64_t n = 1 + random() % 4; n > 0; n--) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    Fields::decode(damaged);
  }
}

TEST_CASE("fields: an error's code is one of its fields, and the error's own") {
  ErrorInfo error;
  CHECK_FALSE(error);
  error.code = "ERR_A";
  error.fields.set("code", "ERR_B").set("x", "y");
  CHECK(error);
  CHECK_EQ(error.encoded().get("code"), "ERR_A");
  CHECK_EQ(error.encoded().get("x"), "y");
}
