#include "../../native/core/ws/request_parser.h"

#include <doctest/doctest.h>

#include <chrono>

#include "../../native/core/ws/handshake.h"
#include "support.h"

using namespace lwspool::test;
using namespace lwspool::ws;
using State = RequestParser::State;

namespace {

const std::string kStart = "GET /chat?x=1 HTTP/1.1\r\n";
const std::string kUpgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
const std::string kHost = "Host: server.example.com:8080\r\n";
const std::string kKey = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const std::string kVersion = "Sec-WebSocket-Version: 13\r\n";
const std::string kGood = kStart + kHost + kUpgrade + kKey + kVersion;

// What became of a request, in words.
std::string describe(RequestParser& parser, State state, size_t consumed) {
  if (state == State::needMore) return "needs more";
  if (state == State::refused) return std::to_string(parser.refusal().status);
  const UpgradeRequest& r = parser.request();
  std::string out = "accepted " + r.target + " " + r.host + " " + r.origin + " " + r.key + " [";
  for (const std::string& protocol : r.protocols) out += protocol + ";";
  return out + "] " + r.extensions + " " + std::to_string(consumed);
}

std::string parseInPieces(std::string_view text, const std::vector<size_t>& cuts) {
  RequestParser parser;
  State state = State::needMore;
  size_t total = 0;
  size_t from = 0;
  for (size_t i = 0; i <= cuts.size(); ++i) {
    const size_t to = i < cuts.size() ? cuts[i] : text.size();
    ExactCopy piece(text.substr(from, to - from));
    size_t consumed = 99;
    const bool decided = state != State::needMore;
    state = parser.feed(piece.data(), piece.size(), consumed);
    if (decided) CHECK(consumed == 0);
    total += consumed;
    from = to;
  }
  return describe(parser, state, total);
}

std::string parse(std::string_view text) { return parseInPieces(text, {}); }

// Fields added to a request that is good without them.
std::string parseWith(const std::string& fields) { return parse(kGood + fields + "\r\n"); }

std::string accepted(std::string_view text, const std::string& origin = "",
                     const std::string& protocols = "", const std::string& extensions = "") {
  return "accepted /chat?x=1 server.example.com:8080 " + origin + " dGhlIHNhbXBsZSBub25jZQ== [" +
         protocols + "] " + extensions + " " + std::to_string(text.size());
}

}  // namespace

TEST_CASE("request: a good one, and what follows it stays") {
  const std::string head = kGood + "\r\n";
  CHECK(parse(head) == accepted(head));
  CHECK(parse(head + "\x81\x80....") == accepted(head));
}

TEST_CASE("request: names in any case, blanks around values, fields we do not know") {
  const std::string head =
      kStart +
      "hOST:server.example.com:8080\r\nupgrade: \t WebSocket \r\n"
      "CONNECTION: keep-alive, upgrade\r\nsec-websocket-key:  "
      "dGhlIHNhbXBsZSBub25jZQ==\t\r\nSEC-WEBSOCKET-VERSION:13\r\n"
      "Origin: http://example.com\r\nX-Empty:\r\nX-Text: gr\xC3\xBC\xC3\x9F\r\n\r\n";
  CHECK(parse(head) == accepted(head, "http://example.com"));
}

TEST_CASE("request: lists may be spread over several fields") {
  const std::string head = kStart + kHost + kKey + kVersion +
                           "Connection: keep-alive\r\nConnection: Upgrade\r\n"
                           "Upgrade: h2c\r\nUpgrade: websocket\r\n"
                           "Sec-WebSocket-Protocol: chat, superchat\r\n"
                           "Sec-WebSocket-Protocol: mqtt\r\n"
                           "Sec-WebSocket-Extensions: a; b=1\r\n"
                           "Sec-WebSocket-Extensions: c\r\n\r\n";
  CHECK(parse(head) == accepted(head, "", "chat;superchat;mqtt;", "a; b=1, c"));
}

TEST_CASE("request: every cut gives the same, and byte by byte") {
  for (const std::string& text : std::initializer_list<std::string>{
           kGood + "Origin: a\r\nSec-WebSocket-Protocol: x, y\r\n\r\n\x81\x80", kGood + "\r\n",
           kGood, kStart + kHost + "\r\n", "POST / HTTP/1.1\r\n\r\n", kGood + " folded\r\n\r\n",
           kStart + "Host: a\nUpgrade: b\r\n\r\n"}) {
    const std::string whole = parse(text);
    std::vector<size_t> all;
    for (size_t cut = 0; cut <= text.size(); ++cut) {
      REQUIRE(parseInPieces(text, {cut}) == whole);
      all.push_back(cut);
    }
    REQUIRE(parseInPieces(text, all) == whole);
  }
}

TEST_CASE("request: the request line") {
  const std::string rest = kHost + kUpgrade + kKey + kVersion + "\r\n";
  const auto line = [&](const std::string& start) { return parse(start + "\r\n" + rest); };
  CHECK(line("POST / HTTP/1.1") == "405");
  CHECK(line("get / HTTP/1.1") == "405");
  CHECK(line("GET / HTTP/1.0") == "505");
  CHECK(line("GET / HTTP/2.0") == "505");
  for (const char* wrong : {"",
                            "GET",
                            "GET /",
                            "GET  HTTP/1.1",
                            "GET / HTTP/1.1 ",
                            " GET / HTTP/1.1",
                            "GET / http/1.1",
                            "GET / HTTP/11",
                            "GET / HTTP/1.",
                            "GET / HTTP/x.1",
                            "GET  / HTTP/1.1",
                            "GET /a b HTTP/1.1",
                            "GET /#a HTTP/1.1",
                            "GET a HTTP/1.1",
                            "GET * HTTP/1.1",
                            "GET /\t HTTP/1.1",
                            "GET /\x7F HTTP/1.1",
                            "GET /\xC3\xBC HTTP/1.1",
                            "G@T / HTTP/1.1",
                            "GET /\r HTTP/1.1",
                            "GET ftp://a/ HTTP/1.1",
                            "GET http:/// HTTP/1.1",
                            "GET http:// HTTP/1.1"}) {
    INFO(wrong);
    CHECK(line(wrong) == "400");
  }
  CHECK(parse("\r\n" + kGood + "\r\n") == "400");
}

TEST_CASE("request: a target in absolute form is its path") {
  const auto target = [](const std::string& target) {
    RequestParser parser;
    const std::string head =
        "GET " + target + " HTTP/1.1\r\n" + kHost + kUpgrade + kKey + kVersion + "\r\n";
    size_t consumed;
    parser.feed(reinterpret_cast<const uint8_t*>(head.data()), head.size(), consumed);
    return parser.request().target;
  };
  CHECK(target("/") == "/");
  CHECK(target("//a/b") == "//a/b");
  CHECK(target("http://example.com") == "/");
  CHECK(target("HTTPS://example.com:8443/a?b") == "/a?b");
  CHECK(target("http://example.com?b") == "/?b");
}

TEST_CASE("request: field syntax") {
  for (const char* wrong :
       {"no colon\r\n", ": no name\r\n", "Name : value\r\n", "Na me: value\r\n", "Näme: value\r\n",
        " Folded: value\r\n", "A: b\r\n folded\r\n", "A: b\r\n\tfolded\r\n", "A: b\rc\r\n",
        "A: b\x7F\r\n", "A: b\x01\r\n", "A: b\n", "\n", "A: b\r\r\n"}) {
    INFO(wrong);
    CHECK(parseWith(wrong) == "400");
  }
  CHECK(parseWith(std::string("A: b\0c\r\n", 8)) == "400");
  CHECK(parse(kStart.substr(0, kStart.size() - 2) + "\n" + kHost + "\r\n") == "400");
}

TEST_CASE("request: single fields are single") {
  CHECK(parseWith(kHost) == "400");
  CHECK(parseWith(kKey) == "400");
  CHECK(parseWith(kVersion) == "400");
  CHECK(parseWith("Origin: a\r\nOrigin: a\r\n") == "400");
}

TEST_CASE("request: no body") {
  CHECK(parseWith("Content-Length: 0\r\n") == "400");
  CHECK(parseWith("Content-Length: 5\r\n") == "400");
  CHECK(parseWith("Transfer-Encoding: chunked\r\n") == "400");
}

TEST_CASE("request: what an opening handshake needs") {
  CHECK(parse(kStart + kUpgrade + kKey + kVersion + "\r\n") == "400");
  CHECK(parse(kStart + "Host:\r\n" + kUpgrade + kKey + kVersion + "\r\n") == "400");
  CHECK(parse(kStart + "Host: a/b\r\n" + kUpgrade + kKey + kVersion + "\r\n") == "400");
  CHECK(parse(kStart + "Host: a b\r\n" + kUpgrade + kKey + kVersion + "\r\n") == "400");
  CHECK(parse(kStart + kHost + "\r\n") == "426");
  CHECK(parse(kStart + kHost + "Upgrade: h2c\r\nConnection: Upgrade\r\n" + kKey + kVersion +
              "\r\n") == "400");
  CHECK(parse(kStart + kHost + "Upgrade: websocket\r\n" + kKey + kVersion + "\r\n") == "400");
  CHECK(parse(kStart + kHost + "Upgrade: websocket\r\nConnection: close\r\n" + kKey + kVersion +
              "\r\n") == "400");
  CHECK(parse(kStart + kHost + kUpgrade + kVersion + "\r\n") == "400");
  CHECK(parse(kStart + kHost + kUpgrade + "Sec-WebSocket-Key: short\r\n" + kVersion + "\r\n") ==
        "400");
  CHECK(parse(kStart + kHost + kUpgrade + kKey + "\r\n") == "426");
  CHECK(parse(kStart + kHost + kUpgrade + kKey + "Sec-WebSocket-Version: 8\r\n\r\n") == "426");
  CHECK(parse(kStart + kHost + kUpgrade + kKey + "Sec-WebSocket-Version: 13, 8\r\n\r\n") == "426");
}

TEST_CASE("request: protocols are tokens, each once") {
  CHECK(parseWith("Sec-WebSocket-Protocol: a b\r\n") == "400");
  CHECK(parseWith("Sec-WebSocket-Protocol: a, b, a\r\n") == "400");
  CHECK(parseWith("Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a\r\n") == "400");
}

TEST_CASE("request: limits, to the byte, whole and byte by byte") {
  const auto both = [](const std::string& text) {
    std::vector<size_t> all;
    for (size_t i = 1; i < text.size(); ++i) all.push_back(i);
    const std::string whole = parse(text);
    CHECK(parseInPieces(text, all) == whole);
    return whole.substr(0, 8);
  };
  const std::string rest = kHost + kUpgrade + kKey + kVersion;
  const auto lineOf = [&](size_t size) {
    return "GET /" + std::string(size - 14, 'a') + " HTTP/1.1\r\n" + rest + "\r\n";
  };
  CHECK(both(lineOf(RequestParser::kMaxRequestLine)) == "accepted");
  CHECK(both(lineOf(RequestParser::kMaxRequestLine + 1)) == "414");
  CHECK(both(std::string(RequestParser::kMaxRequestLine + 2, 'G')) == "needs mo");
  CHECK(both(std::string(RequestParser::kMaxRequestLine + 3, 'G')) == "414");

  const auto headOf = [&](size_t size) {
    return kGood + "X: " + std::string(size - kGood.size() - 7, 'x') + "\r\n\r\n";
  };
  CHECK(headOf(1000).size() == 1000);
  CHECK(both(headOf(RequestParser::kMaxHead)) == "accepted");
  CHECK(both(headOf(RequestParser::kMaxHead + 1)) == "431");

  std::string fields;
  for (size_t i = 5; i < RequestParser::kMaxFields; ++i) fields += "X: y\r\n";
  CHECK(both(kGood + fields + "\r\n") == "accepted");
  CHECK(both(kGood + fields + "X: y\r\n\r\n") == "431");
}

TEST_CASE("request: random damage gives the same however it is cut, and never breaks") {
  std::mt19937_64 random(seed());
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds(0.3));
  const std::string good = kGood + "Origin: o\r\nSec-WebSocket-Protocol: a, b\r\n\r\n\x81\x80";
  do {
    std::string text = good;
    for (size_t changes = random() % 4; changes > 0; --changes) {
      const size_t place = random() % text.size();
      const char byte = "\r\n\0 \t:,a\x80\x7F"[random() % 10];
      if (random() % 3 == 0) {
        text.erase(place, 1 + random() % 3);
      } else if (random() % 2 == 0) {
        text.insert(place, 1, byte);
      } else {
        text[place] = byte;
      }
    }
    std::vector<size_t> cuts;
    for (size_t at = random() % 40; at < text.size(); at += random() % 40) cuts.push_back(at);
    if (parseInPieces(text, cuts) != parse(text)) FAIL(text);
  } while (std::chrono::steady_clock::now() < end);
}
