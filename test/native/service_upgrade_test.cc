// The HTTP upgrade: what the service sends, and how it takes what a server answers.
#include "service_bed.h"
#include "tls_bed.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

const std::string kHead = "GET /chat HTTP/1.1\r\nHost: example.com\r\n";
const std::string kRequest = kHead + "Sec-WebSocket-Key: " + kKey + "\r\n\r\n";
const std::string kAnswer =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

struct UpgradeBed : Bed {
  explicit UpgradeBed(int bufferSize = 0, bool tls = false) {
    connector.tls = tls;
    connector.sockets = [bufferSize] { return tcpPair(bufferSize); };
    connector.plan = [tls](const Connection&) {
      Attempt attempt{Attempt::End::connected};
      attempt.requested = tls;
      return attempt;
    };
    to->requestHead = kHead;
  }
  std::shared_ptr<Endpoint> to = endpoint();

  // One whose request is under way; the peer takes bytes as they are.
  ConnectionId begin() {
    const ConnectionId id = ask(to);
    host.turn(service, 0);
    connector.peer(id).raw = true;
    return id;
  }
  Peer& peerOf(ConnectionId id) { return connector.peer(id); }
  bool untilReceived(Peer& peer, size_t size) {
    return until([&] {
      peer.pump();
      return peer.received.size() >= size;
    });
  }
};

}  // namespace

TEST_CASE("upgrade: request, answer, and the frames that came with it") {
  UpgradeBed bed;
  const ConnectionId id = bed.begin();
  Peer& peer = bed.peerOf(id);
  REQUIRE(bed.untilReceived(peer, kRequest.size()));
  CHECK_EQ(peer.received, kRequest);
  CHECK(bed.service.find(id)->phase() == Phase::opening);
  peer.write(octets(kAnswer + "Sec-WebSocket-Protocol: \r\n\r\n") + octets("\x81\x02hi"));
  CHECK(bed.untilEvent(id, "text hi"));
  CHECK_EQ(bed.main.of(id), Events{"opened", "text hi"});
  peer.raw = false;
  bed.command(Command::send, id, "to you");
  CHECK(bed.untilHeard(peer, "text to you"));
}

TEST_CASE("upgrade: an answer that comes byte by byte") {
  UpgradeBed bed;
  const ConnectionId id = bed.begin();
  for (const char c : kAnswer + "\r\n\x81\x02hi") {
    bed.peerOf(id).write({static_cast<uint8_t>(c)});
    bed.settle(1);
  }
  CHECK(bed.untilEvent(id, "text hi"));
  CHECK_EQ(bed.main.of(id), Events{"opened", "text hi"});
}

TEST_CASE("upgrade: interim answers come before the answer") {
  UpgradeBed bed;
  const ConnectionId id = bed.begin();
  bed.peerOf(id).write(octets("HTTP/1.1 100\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" +
                              kAnswer + "\r\n\x81\x02hi"));
  CHECK(bed.untilEvent(id, "text hi"));
  CHECK_EQ(bed.main.of(id), Events{"opened", "text hi"});
}

TEST_CASE("upgrade: more interim answers than anybody has use for end the opening") {
  for (const size_t count : {16, 17, 100'000}) {
    CAPTURE(count);
    UpgradeBed bed;
    const ConnectionId id = bed.begin();
    std::string flood;
    for (size_t i = 0; i < count; i++) flood += "HTTP/1.1 100\r\n\r\n";
    bed.peerOf(id).write(octets(flood + kAnswer + "\r\n"));
    if (count <= 16) {
      CHECK(bed.untilEvent(id, "opened"));
      continue;
    }
    CHECK(bed.until([&] {
      bed.peerOf(id).pump();
      return bed.service.find(id) == nullptr;
    }));
    CHECK_EQ(bed.main.of(id), Events{"failed ERR_UPGRADE_INVALID"});
    CHECK_NE(bed.main.factsOf(id).get("reason").find("interim"), std::string_view::npos);
  }
}

TEST_CASE("upgrade: a request that the kernel does not take at once") {
  UpgradeBed bed(4096);
  bed.to->requestHead = kHead + "X: " + std::string(200'000, 'x') + "\r\n";
  const ConnectionId id = bed.begin();
  Peer& peer = bed.peerOf(id);
  REQUIRE(bed.untilReceived(peer, bed.to->requestHead.size() + kRequest.size() - kHead.size()));
  CHECK(peer.received.ends_with(std::string(kKey) + "\r\n\r\n"));
  peer.write(octets(kAnswer + "\r\n"));
  CHECK(bed.untilEvent(id, "opened"));
  peer.raw = false;
  bed.command(Command::send, id, "to you");
  CHECK(bed.untilHeard(peer, "text to you"));
  // The poller tells of room only while something waits for it.
  bed.settle();
  const size_t polls = bed.host.polls;
  bed.settle();
  CHECK_EQ(bed.host.polls, polls);
}

TEST_CASE("upgrade: over TLS the request is sent already") {
  UpgradeBed bed(0, true);
  const ConnectionId id = bed.begin();
  Peer& peer = bed.peerOf(id);
  peer.write(octets(kAnswer + "\r\n") + octets("\x81\x02hi"));
  CHECK(bed.until([&] {
    peer.pump();
    return bed.main.of(id).size() == 2;
  }));
  CHECK_EQ(bed.main.of(id), Events{"opened", "text hi"});
  CHECK_EQ(peer.received, "");
}

TEST_CASE("upgrade: a refusal, with its body") {
  UpgradeBed bed;
  const ConnectionId id = bed.begin();
  bed.peerOf(id).write(octets("HTTP/1.1 403 No\r\nX: y\r\nContent-Length: 6\r\n\r\nnot "));
  bed.settle();
  CHECK(bed.service.find(id) != nullptr);
  bed.peerOf(id).write(octets("you"));
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id), Events{"failed ERR_UPGRADE_REFUSED"});
  const Fields& facts = bed.main.factsOf(id);
  CHECK_EQ(facts.get("status"), "403");
  CHECK_EQ(facts.get("statusText"), "No");
  CHECK_EQ(facts.get("headers"), "X: y\r\nContent-Length: 6\r\n");
  CHECK_EQ(facts.get("body"), "not yo");
}

// RFC 9112, 6.3: a 1xx ends at its empty line.
TEST_CASE("upgrade: what a 101 says of a body means nothing") {
  for (const char* line : {"Content-Length: 0", "Content-Length: 5", "Content-Length: x",
                           "Transfer-Encoding: chunked"}) {
    CAPTURE(line);
    UpgradeBed bed;
    const ConnectionId id = bed.begin();
    bed.peerOf(id).write(octets(kAnswer + line + "\r\n\r\n") + octets("\x81\x02hi"));
    CHECK(bed.untilEvent(id, "text hi"));
    CHECK_EQ(bed.main.of(id), Events{"opened", "text hi"});
  }
}

TEST_CASE("upgrade: a protocol that was offered and not chosen, and one that is required") {
  for (const bool required : {false, true}) {
    for (const char* line : {"", "Sec-WebSocket-Protocol:\r\n", "Sec-WebSocket-Protocol: a\r\n"}) {
      CAPTURE(required);
      CAPTURE(line);
      UpgradeBed bed;
      bed.to->protocols = {"a", "b"};
      bed.to->requiresProtocol = required;
      const ConnectionId id = bed.begin();
      bed.peerOf(id).write(octets(kAnswer + line + "\r\n"));
      const bool chosen = std::string(line).ends_with("a\r\n");
      if (!required || chosen) {
        CHECK(bed.untilEvent(id, "opened"));
        CHECK_EQ(bed.main.factsOf(id).get("protocol"), chosen ? "a" : "");
        continue;
      }
      CHECK(bed.untilGone(id));
      CHECK_EQ(bed.main.of(id), Events{"failed ERR_SUBPROTOCOL"});
      CHECK_EQ(bed.main.factsOf(id).get("expected"), "a, b");
      CHECK_EQ(bed.main.factsOf(id).get("received"), "");
    }
  }
}

TEST_CASE("upgrade: what is wrong with a 101 is told") {
  struct Case {
    const char* line;
    const char* received;
    const char* reason;
  };
  const Case cases[] = {
      {"Connection: Upgrade\r\n", "", "its header Upgrade is missing"},
      {"Upgrade: h2c\r\nConnection: Upgrade\r\n", "h2c", "its header Upgrade is not \"websocket\""},
      {"Upgrade: websocket\r\n", "", "its header Connection is missing"},
      {"Upgrade: websocket\r\nConnection: close\r\n", "close",
       "its header Connection is not \"Upgrade\""},
  };
  for (const Case& wrong : cases) {
    CAPTURE(wrong.line);
    UpgradeBed bed;
    const ConnectionId id = bed.begin();
    bed.peerOf(id).write(octets("HTTP/1.1 101 Changing\r\n" + std::string(wrong.line) + "\r\n"));
    CHECK(bed.untilGone(id));
    CHECK_EQ(bed.main.of(id), Events{"failed ERR_UPGRADE_INVALID"});
    const Fields& facts = bed.main.factsOf(id);
    CHECK_EQ(facts.get("reason"), wrong.reason);
    CHECK_EQ(facts.get("received"), wrong.received);
    CHECK_EQ(facts.get("statusText"), "Changing");
  }
}

TEST_CASE("upgrade: answers that open nothing") {
  const auto failsWith = [](const std::string& answer) {
    UpgradeBed bed;
    const ConnectionId id = bed.begin();
    bed.peerOf(id).write(octets(answer));
    CHECK(bed.untilGone(id));
    return bed.main.of(id).back();
  };
  CHECK_EQ(failsWith("SSH-2.0-OpenSSH_9.2p1\r\n"), "failed ERR_UPGRADE_INVALID");
  CHECK_EQ(failsWith("HTTP/1.1 101 Ok\rUpgrade: websocket\r"), "failed ERR_UPGRADE_INVALID");
  CHECK_EQ(failsWith(kAnswer + "Sec-WebSocket-Accept: x\r\n\r\n"), "failed ERR_ACCEPT_MISMATCH");
  CHECK_EQ(failsWith(kAnswer + "Sec-WebSocket-Protocol: chat\r\n\r\n"), "failed ERR_SUBPROTOCOL");
  CHECK_EQ(failsWith(kAnswer + "Sec-WebSocket-Extensions: x\r\n\r\n"), "failed ERR_EXTENSION");
  CHECK_EQ(failsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"),
           "failed ERR_UPGRADE_REFUSED");
}

TEST_CASE("upgrade: a server that goes before it has answered") {
  for (const bool reset : {false, true}) {
    CAPTURE(reset);
    UpgradeBed bed;
    const ConnectionId id = bed.begin();
    bed.peerOf(id).write(octets("HTTP/1.1 10"));
    bed.settle();
    if (reset) {
      bed.peerOf(id).reset();
    } else {
      bed.peerOf(id).halfClose();
    }
    CHECK(bed.untilGone(id));
    CHECK_EQ(bed.main.of(id), Events{"failed ERR_CONNECTION_RESET"});
    CHECK_EQ(bed.main.factsOf(id).get("phase"), "upgrade");
    CHECK_EQ(bed.main.factsOf(id).get("errno"), reset ? "ECONNRESET" : "");
    CHECK_EQ(bed.main.factsOf(id).get("reason"), reset ? "" : "the peer ended it");
  }
}

TEST_CASE("upgrade: a server that goes right behind its answer") {
  for (const bool reset : {false, true}) {
    for (const std::string& answer : {kAnswer + "\r\n", kAnswer}) {
      CAPTURE(reset);
      UpgradeBed bed;
      const ConnectionId id = bed.begin();
      REQUIRE(bed.untilReceived(bed.peerOf(id), kRequest.size()));
      bed.peerOf(id).write(octets(answer));
      reset ? bed.peerOf(id).reset() : bed.peerOf(id).halfClose();
      CHECK(bed.untilGone(id));
      const bool whole = answer != kAnswer;
      if (whole && !reset) {
        CHECK_EQ(bed.main.of(id), Events{"opened", "closed 1006 ERR_CONNECTION_LOST"});
      } else if (!whole) {
        CHECK_EQ(bed.main.of(id), Events{"failed ERR_CONNECTION_RESET"});
      }
    }
  }
}

TEST_CASE("upgrade: given up, or late") {
  UpgradeBed bed;
  SUBCASE("aborted") {
    const ConnectionId id = bed.begin();
    bed.command(Command::terminate, id);
    CHECK(bed.untilGone(id));
    CHECK_EQ(bed.main.of(id), Events{"failed ERR_ABORTED"});
  }
  SUBCASE("no answer in time") {
    bed.to->timeout = 30;
    const ConnectionId id = bed.begin();
    CHECK(bed.untilGone(id));
    CHECK_EQ(bed.main.of(id), Events{"failed ERR_HANDSHAKE_TIMEOUT"});
    CHECK_EQ(bed.main.factsOf(id).get("phase"), "upgrade");
  }
  SUBCASE("the body of a refusal does not end") {
    // No length, none that can be used, one that is never reached; and each timeout as well.
    for (const char* line : {"", "Content-Length: 7, 8\r\n", "Content-Length: -1\r\n",
                             "Content-Length: 100\r\n", "Transfer-Encoding: chunked\r\n"}) {
      for (const uint32_t timeout : {60'000u, 100u}) {
        CAPTURE(line);
        CAPTURE(timeout);
        bed.to->timeout = timeout;
        const ConnectionId id = bed.begin();
        const uint64_t begun = monotonicNow();
        const bool chunked = std::string(line).starts_with("T");
        bed.peerOf(id).write(octets("HTTP/1.1 503\r\n" + std::string(line) +
                                    (chunked ? "\r\n9\r\nlater" : "\r\nlater")));
        CHECK(bed.untilGone(id));
        CHECK_GE(monotonicNow() - begun,
                 std::min<uint64_t>(timeout, Handshakes::kBodyTimeout) - 50);
        CHECK_EQ(bed.main.of(id), Events{"failed ERR_UPGRADE_REFUSED"});
        CHECK_EQ(bed.main.factsOf(id).get("body"), "later");
      }
    }
  }
  // Its place in the window is free again.
  Connection& next = bed.open(endpoint(Kind::raw));
  CHECK(next.phase() == Phase::open);
}

TEST_CASE("upgrade: a server that sends without a pause behind its answer") {
  UpgradeBed bed;
  const ConnectionId id = bed.begin();
  Peer& peer = bed.peerOf(id);
  bed.main.onOpened = [&](Connection& opened) { bed.service.pause(opened, true); };
  const Octets frame = wire(ws::Role::client, {Frame{0x82, std::string(60'000, 'x')}});
  peer.write(octets(kAnswer + "\r\n"));
  for (int i = 0; i < 100; i++) peer.write(frame);
  CHECK(bed.untilEvent(id, "opened"));
  for (int i = 0; i < 20; i++) {
    peer.pump();
    bed.settle(1);
  }
  // No more than came with one read.
  CHECK_LE(bed.main.of(id).size(), 4);
  bed.command(Command::resume, id);
  CHECK(bed.until([&] {
    peer.pump();
    return bed.main.of(id).size() == 101;
  }));
}
