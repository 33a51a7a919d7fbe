#include "../../native/core/ws/utf8.h"

#include <doctest/doctest.h>

#include <string>

#include "reference_decoder.h"
#include "support.h"

using namespace lwspool::test;
using lwspool::ws::isUtf8;
using lwspool::ws::Utf8Validator;

namespace {

bool valid(std::string_view text) {
  ExactCopy copy(text);
  return isUtf8(copy.data(), copy.size());
}

// The number of bytes after which the validator says no, fed one by one; size + 1 if it never does.
size_t failsAfter(std::string_view text) {
  Utf8Validator validator;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if (!validator.feed(&byte, 1)) return i + 1;
  }
  return text.size() + 1;
}

// Long enough, and not ASCII, so that what follows or precedes is checked block by block.
std::string filler(size_t size, std::string_view character = "€") {
  std::string out;
  while (out.size() + character.size() <= size) out += character;
  return out.append(size - out.size(), 'x');
}

// All interesting sequences of up to four bytes: each class of byte at each place.
std::vector<std::string> sequences() {
  const std::string bytes(
      "\x00\x41\x7F\x80\x8F\x90\x9F\xA0\xBF\xC0\xC1\xC2\xDF\xE0\xE1\xEC\xED\xEE\xEF"
      "\xF0\xF1\xF3\xF4\xF5\xF8\xFF",
      26);
  std::vector<std::string> out{""};
  for (size_t from = 0, length = 1; length <= 4; ++length) {
    const size_t to = out.size();
    for (; from < to; ++from) {
      for (const char byte : bytes) out.push_back(out[from] + byte);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("UTF-8: every sequence of up to four bytes, alone and as a prefix") {
  for (const std::string& sequence : sequences()) {
    const bool expected = referenceUtf8(sequence, false);
    Utf8Validator validator;
    const bool open =
        validator.feed(reinterpret_cast<const uint8_t*>(sequence.data()), sequence.size());
    bool right = valid(sequence) == expected;
    right &= open == referenceUtf8(sequence, true);
    right &= !open || validator.complete() == expected;
    if (!right) FAIL("bytes ", doctest::String(sequence.data(), sequence.size()));
  }
}

TEST_CASE("UTF-8: the same inside longer text, where blocks are checked at once") {
  std::vector<std::string> before;  // so that the sequences come to lie at every place of a block
  for (size_t i = 0; i < 71; ++i) before.push_back(filler(60 + i));
  const std::string after[] = {filler(130), filler(130, "é"), filler(130, "aé")};
  std::string text;
  size_t turn = 0;
  for (const std::string& sequence : sequences()) {
    text.assign(before[turn % before.size()]).append(sequence).append(after[turn % 3]);
    ++turn;
    if (valid(text) != referenceUtf8(sequence, false)) FAIL("sequence ", turn);
  }
}

TEST_CASE("UTF-8: every character, and every number that is none") {
  std::string all;
  for (uint32_t point = 0; point < 0x110000; ++point) {
    std::string character;
    const auto tail = [point](int shift) {
      return static_cast<char>(0x80 | (point >> shift & 63));
    };
    if (point < 0x80) {
      character = {static_cast<char>(point)};
    } else if (point < 0x800) {
      character = {static_cast<char>(0xC0 | point >> 6), tail(0)};
    } else if (point < 0x10000) {
      character = {static_cast<char>(0xE0 | point >> 12), tail(6), tail(0)};
    } else {
      character = {static_cast<char>(0xF0 | point >> 18), tail(12), tail(6), tail(0)};
    }
    const bool surrogate = point >= 0xD800 && point < 0xE000;
    if (isUtf8(reinterpret_cast<const uint8_t*>(character.data()), character.size()) == surrogate) {
      FAIL("U+", point);
    }
    if (!surrogate) all += character;
  }
  CHECK(valid(all));
  CHECK(valid(all.substr(1)));  // other places in the blocks
  CHECK_FALSE(valid(all.substr(0, all.size() - 1)));
}

TEST_CASE("UTF-8: fails at the first byte that cannot go on") {
  CHECK(failsAfter("ab\x80") == 3);
  CHECK(failsAfter("ab\xC0\x80") == 3);
  CHECK(failsAfter("ab\xE0\x80\x80") == 4);
  CHECK(failsAfter("ab\xED\xA0\x80") == 4);
  CHECK(failsAfter("ab\xF0\x80\x80\x80") == 4);
  CHECK(failsAfter("ab\xF4\x90\x80\x80") == 4);
  CHECK(failsAfter("ab\xF5\x80\x80\x80") == 3);
  CHECK(failsAfter("ab\xE2\x82"
                   "a") == 5);
  CHECK(failsAfter("ab\xE2\x82\xAC") == 6);
}

TEST_CASE("UTF-8: one wrong byte anywhere in a long text") {
  for (const size_t size : {63u, 64u, 65u, 200u, 333u}) {
    for (const std::string& text : {filler(size), std::string(size, 'a')}) {
      REQUIRE(valid(text));
      for (size_t i = 0; i < size; ++i) {
        std::string wrong = text;
        wrong[i] = '\xFF';
        REQUIRE_FALSE(valid(wrong));
      }
    }
  }
}

TEST_CASE("UTF-8: long texts with one byte changed, lost or added") {
  std::mt19937_64 random(seed());
  const char* const characters[] = {"a", "é", "ю", "€", "漢", "😀", "\xF4\x8F\xBF\xBF"};
  for (int round = 0; round < 30000; ++round) {
    std::string text;
    const size_t kinds = 2 + random() % 6;
    while (text.size() < 300) text += characters[random() % kinds];
    const size_t place = random() % text.size();
    const auto byte = static_cast<char>(random());
    if (random() % 3 == 0) {
      text.erase(place, 1);
    } else if (random() % 2 == 0) {
      text.insert(place, 1, byte);
    } else {
      text[place] = byte;
    }
    if (valid(text) != referenceUtf8(text, false)) FAIL("round ", round, ", place ", place);
  }
}

TEST_CASE("UTF-8: any text cut anywhere, against the reference") {
  std::mt19937_64 random(seed());
  const char* const pieces[] = {"a",        "hello, world, in plain ASCII",
                                "é",        "ю",
                                "€",        "漢字",
                                "😀",       "\xC3",
                                "\xE2\x82", "\xF0\x9F\x98",
                                "\x80"};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    const size_t parts = random() % 60;
    const size_t kinds = random() % 8 ? 7 : 11;  // mostly valid
    for (size_t i = 0; i < parts; ++i) text += pieces[random() % kinds];
    Utf8Validator validator;
    bool open = true;
    for (size_t from = 0; from < text.size() && open;) {
      const size_t size = std::min(text.size() - from, 1 + random() % (random() % 2 ? 8 : 300));
      ExactCopy piece(text.data() + from, size);
      open = validator.feed(piece.data(), size);
      from += size;
      if (open != referenceUtf8(text.substr(0, from), true)) FAIL("after ", from, " bytes");
    }
    REQUIRE((open && validator.complete()) == referenceUtf8(text, false));
    REQUIRE(valid(text) == referenceUtf8(text, false));
  }
}
