#include "../../native/core/ws/handshake.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "../../native/core/ws/http_field.h"

using namespace lwspool::ws;

namespace {

const std::string kKey = "dGhlIHNhbXBsZSBub25jZQ==";
const std::string kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

HandshakeError check(const ResponseHead& head, const std::vector<std::string>& protocols = {}) {
  return checkResponse(head, {.key = kKey, .protocols = protocols});
}

}  // namespace

TEST_CASE("handshake: the key and its answer, RFC 6455, 1.3") {
  CHECK(acceptFor(kKey) == kAccept);
  std::set<std::string> keys;
  MaskSource random;
  for (int i = 0; i < 1000; ++i) {
    const std::string key = makeKey(random);
    REQUIRE(isKey(key));
    keys.insert(key);
  }
  CHECK(keys.size() == 1000);
}

TEST_CASE("handshake: what a key looks like") {
  CHECK(isKey(kKey));
  CHECK_FALSE(isKey(""));
  CHECK_FALSE(isKey("dGhlIHNhbXBsZSBub25jZQ="));
  CHECK_FALSE(isKey("dGhlIHNhbXBsZSBub25jZQ==="));
  CHECK_FALSE(isKey("dGhlIHNhbXBsZSBub25jZXM="));
  CHECK_FALSE(isKey("dGhlIHNhbXBsZSBub25j-Q=="));
  CHECK_FALSE(isKey("dGhlIHNhbXBsZSBub25j=Q=="));
}

TEST_CASE("handshake: a good answer, however it is spelt") {
  CHECK(check({"websocket", "Upgrade", kAccept, "", ""}) == HandshakeError::none);
  CHECK(check({"WebSocket", "upgrade", kAccept, "", ""}) == HandshakeError::none);
  CHECK(check({" websocket\t", "keep-alive, UPGRADE", " " + kAccept + " ", "", ""}) ==
        HandshakeError::none);
}

TEST_CASE("handshake: a bad Upgrade, Connection or Accept") {
  CHECK(check({"", "Upgrade", kAccept, "", ""}) == HandshakeError::badUpgrade);
  CHECK(check({"h2c", "Upgrade", kAccept, "", ""}) == HandshakeError::badUpgrade);
  CHECK(check({"websocket, h2c", "Upgrade", kAccept, "", ""}) == HandshakeError::badUpgrade);
  CHECK(check({"websocket", "", kAccept, "", ""}) == HandshakeError::badConnection);
  CHECK(check({"websocket", "keep-alive", kAccept, "", ""}) == HandshakeError::badConnection);
  CHECK(check({"websocket", "Upgraded, up grade", kAccept, "", ""}) ==
        HandshakeError::badConnection);
  CHECK(check({"websocket", "Upgrade", "", "", ""}) == HandshakeError::badAccept);
  CHECK(check({"websocket", "Upgrade", kKey, "", ""}) == HandshakeError::badAccept);
  CHECK(check({"websocket", "Upgrade", "S" + kAccept.substr(1), "", ""}) ==
        HandshakeError::badAccept);
}

TEST_CASE("handshake: the protocol is one of those offered, or none") {
  const std::vector<std::string> offered = {"chat", "superchat"};
  const auto withProtocol = [&](std::string_view protocol, const std::vector<std::string>& asked) {
    return check({"websocket", "Upgrade", kAccept, protocol, ""}, asked);
  };
  CHECK(withProtocol("chat", offered) == HandshakeError::none);
  CHECK(withProtocol("superchat ", offered) == HandshakeError::none);
  CHECK(withProtocol("", offered) == HandshakeError::none);
  CHECK(withProtocol("", {}) == HandshakeError::none);
  CHECK(withProtocol("chat", {}) == HandshakeError::unaskedProtocol);
  CHECK(withProtocol("Chat", offered) == HandshakeError::unaskedProtocol);
  CHECK(withProtocol("chat, superchat", offered) == HandshakeError::unaskedProtocol);
  CHECK(withProtocol("other", offered) == HandshakeError::unaskedProtocol);
  const auto required = [&](std::string_view protocol, const std::vector<std::string>& asked) {
    return checkResponse({"websocket", "Upgrade", kAccept, protocol, ""},
                         {.key = kKey, .protocols = asked, .requiresProtocol = true});
  };
  CHECK(required("chat", offered) == HandshakeError::none);
  CHECK(required("", offered) == HandshakeError::noProtocol);
  CHECK(required(" ", offered) == HandshakeError::noProtocol);
  CHECK(required("other", offered) == HandshakeError::unaskedProtocol);
  CHECK(required("", {}) == HandshakeError::none);
}

TEST_CASE("handshake: an extension that nobody asked for") {
  CHECK(check({"websocket", "Upgrade", kAccept, "", "permessage-deflate"}) ==
        HandshakeError::unaskedExtension);
  CHECK(check({"websocket", "Upgrade", kAccept, "", " , "}) == HandshakeError::none);
}

TEST_CASE("handshake: the server's answer passes the client's check") {
  CHECK(makeResponse(kKey) ==
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
            kAccept + "\r\n\r\n");
  CHECK(makeResponse(kKey, "chat", "x; y=1") ==
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
            kAccept +
            "\r\nSec-WebSocket-Protocol: chat\r\n"
            "Sec-WebSocket-Extensions: x; y=1\r\n\r\n");
}

TEST_CASE("handshake: refusals carry what their status requires") {
  CHECK(makeRefusal(400, "no") ==
        "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n\r\nno\n");
  const std::string upgrade = makeRefusal(426, "x");
  CHECK(upgrade.find("\r\nSec-WebSocket-Version: 13\r\n") != std::string::npos);
  CHECK(upgrade.find("\r\nUpgrade: websocket\r\n") != std::string::npos);
  CHECK(upgrade.find("\r\nConnection: Upgrade, close\r\n") != std::string::npos);
  CHECK(makeRefusal(405, "x").find("\r\nAllow: GET\r\n") != std::string::npos);
}

TEST_CASE("fields: tokens") {
  CHECK(isToken("chat.v1"));
  CHECK(isToken("!#$%&'*+-.^_`|~09azAZ"));
  for (const char* wrong : {"", " ", "a b", "a,b", "a:b", "a/b", "a\"", "a;b", "(a)", "a=b", "ä"}) {
    CHECK_FALSE(isToken(wrong));
  }
  CHECK_FALSE(isToken(std::string_view("a\0b", 3)));
}

TEST_CASE("fields: values cannot carry another header") {
  CHECK(isFieldValue(""));
  CHECK(isFieldValue("a b\tc, \"d\" ~ é"));
  for (int c = 0; c < 256; ++c) {
    const std::string value = std::string("a") + static_cast<char>(c) + "b";
    CHECK(isFieldValue(value) == ((c >= 0x20 && c != 0x7F) || c == '\t'));
  }
}

TEST_CASE("fields: lists") {
  CHECK(listContains("a, b ,\tC", "c"));
  CHECK(listContains(",,a,,", "A"));
  CHECK_FALSE(listContains("", "a"));
  CHECK_FALSE(listContains("ab, a b", "a"));
  CHECK(trimmed(" \ta b\t ") == "a b");
  CHECK(trimmed(" \t ").empty());
  CHECK(equalsIgnoringCase("AbZ-[", "aBz-["));
  CHECK_FALSE(equalsIgnoringCase("[", "{"));  // 0x20 apart, and no letters
  CHECK_FALSE(equalsIgnoringCase("a", "ab"));
}
