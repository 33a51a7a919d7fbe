#include "../../native/core/ws/response_parser.h"

#include <doctest/doctest.h>

#include "../../native/core/ws/response_body.h"
#include "support.h"

using namespace lwspool::test;
using namespace lwspool::ws;
using State = ResponseParser::State;

namespace {

const std::string kSwitching = "HTTP/1.1 101 Switching Protocols\r\n";

// What became of an answer, in words.
std::string describe(const ResponseParser& parser, State state, size_t consumed) {
  if (state == State::needMore) return "needs more";
  if (state == State::malformed) return parser.problem();
  return std::to_string(parser.status()) + " " + std::string(parser.fields()) +
         std::to_string(consumed);
}

std::string parse(std::string_view text, size_t pieces = SIZE_MAX) {
  ResponseParser parser;
  State state = State::needMore;
  size_t total = 0;
  for (size_t from = 0; from < text.size() && state == State::needMore; from += pieces) {
    ExactCopy piece(text.substr(from, pieces));
    size_t consumed = 99;
    state = parser.feed(piece.data(), piece.size(), consumed);
    total += consumed;
    if (pieces == SIZE_MAX) break;
  }
  if (state != State::needMore) {
    size_t consumed = 99;
    CHECK_EQ(parser.feed(nullptr, 0, consumed), state);
    CHECK_EQ(consumed, 0);
  }
  return describe(parser, state, total);
}

// The body of an answer with that head, fed whole and in pieces of each size.
std::string bodyOf(const std::string& head, const std::string& body, bool* ended = nullptr) {
  std::string text;
  for (const size_t pieces : {SIZE_MAX, size_t{1}, size_t{3}}) {
    ResponseParser parser;
    size_t consumed;
    REQUIRE_EQ(parser.feed(reinterpret_cast<const uint8_t*>(head.data()), head.size(), consumed),
               State::complete);
    ResponseBody out(parser);
    for (size_t from = 0; from < body.size(); from += std::min(pieces, body.size())) {
      ExactCopy piece(std::string_view(body).substr(from, pieces));
      out.feed(piece.data(), piece.size());
    }
    if (pieces == SIZE_MAX) {
      text = out.text();
      if (ended != nullptr) *ended = out.ended();
    }
    CHECK_EQ(out.text(), text);
  }
  return text;
}

}  // namespace

TEST_CASE("response: a head, however it is cut, and what comes behind it") {
  const std::string head = kSwitching + "Upgrade: websocket\r\nX:\r\n\r\n";
  for (size_t pieces = 1; pieces <= head.size(); pieces++) {
    CHECK_EQ(parse(head, pieces), "101 Upgrade: websocket\r\nX:\r\n" + std::to_string(head.size()));
  }
  CHECK_EQ(parse(head + "\x81\x02hi\r\n\r\n"), parse(head));
  for (size_t size = 0; size < head.size(); size++) {
    CHECK_EQ(parse(std::string_view(head).substr(0, size)), "needs more");
  }
}

TEST_CASE("response: status lines") {
  CHECK_EQ(parse("HTTP/1.1 101 Switching Protocols\r\n\r\n"), "101 36");
  CHECK_EQ(parse("HTTP/1.0 404\r\n\r\n"), "404 16");
  CHECK_EQ(parse("HTTP/1.1 599 \r\n\r\n"), "599 17");
  for (const char* line :
       {"HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 10", "HTTP/1.1 1011", "HTTP/1.1 0x1", "HTTP/1.1 001",
        "HTTP/1.1  101", "HTTP/1.x 101", "HTTP/1.1 101-", "HTTP/1.1 banana", "HTTP/1.1 -10",
        "HTTP/1.1 101 a\x01", "HTTP/1.11 101"}) {
    CAPTURE(line);
    CHECK_EQ(parse(std::string(line) + "\r\n\r\n"), "it has a bad status line");
  }
}

TEST_CASE("response: what is not HTTP/1 is known by its first bytes") {
  for (const char* text : {"SSH-2.0-OpenSSH_9.2p1\r\n", "HTTP/2", "\x15\x03\x01", "http/1.1", "HX",
                           " HTTP/1.1", "\r\n"}) {
    CHECK_EQ(parse(text), "it is not HTTP/1");
  }
  CHECK_EQ(parse(std::string(1, '\0')), "it is not HTTP/1");
}

TEST_CASE("response: fields") {
  for (const char* line : {"Upgrade websocket", ": a", "a b: c", " a: b", "a : b", "\x80: a", ""}) {
    CAPTURE(line);
    if (*line == '\0') continue;
    CHECK_EQ(parse(kSwitching + line + "\r\n\r\n"), "it has a bad header field name");
  }
  CHECK_EQ(parse(kSwitching + "A: b\r\n c\r\n\r\n"), "it has a bad header field name");
  for (const char* line : {"a: \x1b[2J", "a: \x7f"}) {
    CAPTURE(line);
    CHECK_EQ(parse(kSwitching + line + "\r\n\r\n"), "it has a bad header field value");
  }
  CHECK_EQ(parse(kSwitching + "a: " + std::string(1, '\0') + "\r\n\r\n"),
           "it has a bad header field value");
}

// It might be taken for the end of a line (RFC 9112, 2.2). node:http does not do so either.
TEST_CASE("response: a line feed alone is refused as soon as it is there") {
  for (const std::string text : {"HTTP/1.1 101\n", "HTTP/1.1 101 a\nb", "HTTP/1.1 101\r\na: b\nc",
                                 "HTTP/1.1 101\r\na: b\r\n\n"}) {
    for (const size_t pieces : {SIZE_MAX, size_t{1}}) {
      CHECK_EQ(parse(text, pieces), "it has a line that ends without CR");
    }
  }
}

// Nothing else of the head might ever come.
TEST_CASE("response: a carriage return alone is refused with the byte behind it") {
  for (const std::string text :
       {"HTTP/1.1 101 a\rU", "HTTP/1.1 101\r\r", "HTTP/1.1 101\r\r\n\n", "HTTP/1.1 101\r\na: b\rc",
        "HTTP/1.1 101\r\na: b\r\n\rc", "HTTP/1.1 101\r\na: b\rc\r\n\r\n"}) {
    CAPTURE(text);
    for (const size_t pieces : {SIZE_MAX, size_t{1}, size_t{13}}) {
      CHECK_EQ(parse(text, pieces), "it has a line that ends without LF");
    }
  }
  CHECK_EQ(parse("HTTP/1.1 101 a\r"), "needs more");
}

TEST_CASE("response: the phrase behind the status") {
  const auto phraseOf = [](const std::string& line) {
    const std::string head = line + "\r\nA: b\r\n\r\n";
    ResponseParser parser;
    size_t consumed;
    REQUIRE_EQ(parser.feed(reinterpret_cast<const uint8_t*>(head.data()), head.size(), consumed),
               State::complete);
    return std::string(parser.phrase());
  };
  CHECK_EQ(phraseOf("HTTP/1.1 403 Not Here "), "Not Here");
  CHECK_EQ(phraseOf("HTTP/1.1 403 x"), "x");
  CHECK_EQ(phraseOf("HTTP/1.0 403 "), "");
  CHECK_EQ(phraseOf("HTTP/1.1 403"), "");
  CHECK_EQ(phraseOf("HTTP/1.1 403 \xE9t\xE9"), "\xE9t\xE9");
}

TEST_CASE("response: a field by its name, in any case, with all its values") {
  const std::string head = kSwitching +
                           "Upgrade: websocket\r\nCONNECTION:Upgrade\r\n"
                           "connection: \t keep-alive \t\r\nEmpty:\r\nUpgrade-X: no\r\n\r\n";
  ResponseParser parser;
  size_t consumed;
  REQUIRE_EQ(parser.feed(reinterpret_cast<const uint8_t*>(head.data()), head.size(), consumed),
             State::complete);
  CHECK_EQ(parser.field("upgrade"), "websocket");
  CHECK_EQ(parser.field("connection"), "Upgrade, keep-alive");
  CHECK_EQ(parser.field("empty"), "");
  CHECK_EQ(parser.field("missing"), "");
}

TEST_CASE("response: a head that is too long") {
  const std::string begin = kSwitching + "X: ";
  const size_t room = ResponseParser::kMaxHead - begin.size() - 4;
  CHECK(parse(begin + std::string(room, 'x') + "\r\n\r\n").starts_with("101 X: x"));
  for (const size_t pieces : {SIZE_MAX, size_t{1000}}) {
    CHECK_EQ(parse(begin + std::string(room + 1, 'x') + "\r\n\r\n", pieces),
             "its head is longer than 16 KiB");
  }
}

// An answer before the answer is short, and up to a whole read may lie behind it.
TEST_CASE("response: what lies behind a head is not touched") {
  const std::string head = "HTTP/1.1 100\r\n\r\n";
  ExactCopy exact(head);
  ResponseParser parser;
  size_t consumed;
  // Of the rest there is only the length: reading it would be seen.
  CHECK_EQ(parser.feed(exact.data(), exact.size() + 1'000'000, consumed), State::complete);
  CHECK_EQ(consumed, head.size());
}

TEST_CASE("response: the length of a body") {
  bool ended = false;
  const std::string refused = "HTTP/1.1 403 Forbidden\r\n";
  CHECK_EQ(bodyOf(refused + "Content-Length: 3\r\n\r\n", "abcdef", &ended), "abc");
  CHECK(ended);
  CHECK_EQ(bodyOf(refused + "Content-Length: 5\r\n\r\n", "abc", &ended), "abc");
  CHECK(!ended);
  CHECK_EQ(bodyOf(refused + "Content-Length: 0\r\n\r\n", "", &ended), "");
  CHECK(ended);
  // The same one several times is one.
  for (const char* line :
       {"Content-Length: 3, 3\r\n", "Content-Length: 3\r\ncontent-length: 3\r\n"}) {
    CAPTURE(line);
    CHECK_EQ(bodyOf(refused + line + "\r\n", "abcdef", &ended), "abc");
    CHECK(ended);
  }
  // Until the connection ends: without a length, and where it is none.
  for (const char* line : {"", "Content-Length: x\r\n", "Content-Length: 3, 4\r\n",
                           "Content-Length: 99999999999999999999\r\n", "Content-Length: -1\r\n",
                           "Transfer-Encoding: gzip\r\nContent-Length: 1\r\n"}) {
    CAPTURE(line);
    CHECK_EQ(bodyOf(refused + line + "\r\n", "abcdef", &ended), "abcdef");
    CHECK(!ended);
  }
  for (const char* status : {"100", "199", "204", "304"}) {
    CHECK_EQ(
        bodyOf("HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 3\r\n\r\n", "abc", &ended),
        "");
    CHECK(ended);
  }
}

TEST_CASE("response: only the beginning of a body is kept") {
  bool ended = false;
  const std::string body(3000, 'x');
  CHECK_EQ(bodyOf("HTTP/1.1 500\r\n\r\n", body, &ended), body.substr(0, ResponseBody::kKept));
  CHECK(ended);
}

TEST_CASE("response: chunks") {
  const std::string head =
      "HTTP/1.1 404\r\nTransfer-Encoding: Chunked\r\nContent-Length: 1\r\n\r\n";
  bool ended = false;
  CHECK_EQ(bodyOf(head, "4\r\nnot \r\n04;a=b\r\nhere\r\n0\r\nTrailer: x\r\n\r\n", &ended),
           "not here");
  CHECK(ended);
  CHECK_EQ(bodyOf(head, "A\r\n0123456789\r\n", &ended), "0123456789");
  CHECK(!ended);
  // What is no chunk ends the body.
  for (const char* end : {"x\r\n", "\r\n", "-1\r\n", "4 4\r\n", "fffffffffffffffff\r\n", "0\r\n"}) {
    CAPTURE(end);
    CHECK_EQ(bodyOf(head, "1\r\na\r\n" + std::string(end) + "4\r\nmore\r\n", &ended), "a");
    CHECK(ended);
  }
  CHECK_EQ(bodyOf(head, std::string(1000, '0'), &ended), "");
  CHECK(ended);
}
