// What a holder leaves behind: streams that can go on, and streams that cannot.
#include "lease_bed.h"

using namespace lwspool;
using namespace lwspool::test;

TEST_CASE("lease: whole frames that the holder reads and writes leave the connection as it is") {
  for (const bool tls : {false, true}) {
    TcpLeaseBed bed(tls);
    Connection& connection = bed.open();
    const ConnectionId id = connection.id;
    Peer& peer = bed.peer(connection);
    Held held = bed.hold(id);
    bed.duplicate(held);
    const Octets message = LeaseBed::toUs({0x82, std::string(100'000, 'm')});
    peer.write(message);
    std::string got;
    while (got.size() < message.size()) {
      peer.pump();
      got += bed.read(held, std::min<size_t>(7'000, message.size() - got.size()));
    }
    CHECK(octets(got) == message);
    // A message of two frames, the second in two pieces.
    bed.write(held, LeaseBed::toPeer({0x01, "to "}));
    const Octets second = LeaseBed::toPeer({0x80, "gether"});
    bed.write(held, {second.begin(), second.begin() + 4});
    bed.write(held, {second.begin() + 4, second.end()});
    CHECK_EQ(bed.release(held), Why::none);
    CHECK(bed.untilHeard(peer, "text to gether"));
    CHECK(bed.alive(connection));
    CHECK_EQ(bed.events(connection).size(), 2);  // what was read is not told again
  }
}

TEST_CASE("lease: a frame or a message read in part") {
  const Octets frame = LeaseBed::toUs({0x81, "message"});
  const Octets first = LeaseBed::toUs({0x01, "begin"});
  const Octets last = LeaseBed::toUs({0x80, "end"});
  struct Case {
    Octets before;  // in the codec already
    Octets behind;
    size_t read;
    std::string why;  // empty: nothing is wrong
  };
  const std::string part = "a frame was read in part";
  const std::string message = "a message was read in part";
  const Case cases[] = {
      {{}, frame, 1, part},
      {{}, frame, frame.size() - 1, part},
      {{}, first + last, first.size(), message},
      {first, last, last.size() - 1, part},
      {first, last, last.size(), ""},
      {first, last + first + last, last.size() + first.size(), message},
      {first, LeaseBed::toUs({0x89, "ping"}) + last, 6, ""},  // only the ping
  };
  for (const Case& one : cases) {
    LeaseBed bed;
    Connection& connection = bed.open();
    const ConnectionId id = connection.id;
    bed.peer(connection).write(one.before);
    bed.settle();
    const Held held = bed.hold(id);
    bed.peer(connection).write(one.behind);
    CHECK_EQ(bed.read(held, one.read).size(), one.read);
    bed.release(held);
    if (one.why.empty()) {
      CHECK(bed.alive(connection));
    } else {
      CHECK_EQ(bed.taint(id), one.why);
    }
  }
}

TEST_CASE("lease: bytes written that are not whole frames of a client") {
  const Octets whole = LeaseBed::toPeer({0x81, "message"});
  const Octets cases[] = {
      octets("no frame at all"),
      wire(ws::Role::client, {0x81, "unmasked"}),
      {whole.begin(), whole.end() - 1},
      {whole.begin(), whole.begin() + 1},
      LeaseBed::toPeer({0x01, "a fragment without an end"}),
  };
  for (const bool tls : {false, true}) {
    for (const Octets& bytes : cases) {
      TcpLeaseBed bed(tls);
      Connection& connection = bed.open();
      const ConnectionId id = connection.id;
      const Held held = bed.hold(id);
      CHECK_EQ(bed.write(held, bytes), bytes.size());
      bed.command(Command::send, id, "this must not follow");
      bed.peer(connection).raw = true;
      bed.release(held);
      CHECK_EQ(bed.taint(id), "what was written is not whole frames of a client");
      bed.peer(connection).pump();
      CHECK_EQ(octets(bed.peer(connection).received), bytes);
      CHECK_EQ(bed.main.of(id).size(), 2);
    }
  }
}

TEST_CASE("lease: on a raw connection any bytes will do") {
  for (const bool tls : {false, true}) {
    TcpLeaseBed bed(tls);
    Connection& connection = bed.open(endpoint(Kind::raw));
    const ConnectionId id = connection.id;
    Peer& peer = bed.peer(connection);
    peer.raw = true;
    Held held = bed.hold(id);
    bed.duplicate(held);
    std::string leftover;
    CHECK(bed.mainLeases.leftover(held, leftover));
    peer.write("abc");
    CHECK_EQ(bed.readAll(held, 2), "ab");
    bed.write(held, octets("any"));
    bed.command(Command::send, id, " more");
    bed.release(held);
    CHECK(bed.untilEvent(id, "data c"));
    CHECK(bed.until([&] {
      peer.pump();
      return peer.received == "any more";
    }));
  }
}

TEST_CASE(
    "lease: bytes that pass a plain connection's duplicate are noticed, unless the boundary is "
    "confirmed") {
  const Octets frame = LeaseBed::toPeer({0x81, "hi"});
  for (const bool confirmed : {false, true}) {
    for (const bool reads : {false, true}) {
      TcpLeaseBed bed;
      Connection& connection = bed.open();
      const ConnectionId id = connection.id;
      bed.peer(connection).text("hello");
      pollfd ready{connection.fd(), POLLIN, 0};
      CHECK_EQ(poll(&ready, 1, 10'000), 1);
      Held held = bed.hold(id);
      bed.duplicate(held);
      uint8_t buffer[7];
      if (reads) {
        CHECK_EQ(recv(held.fd, buffer, sizeof buffer, 0), 7);
      } else {
        CHECK_EQ(send(held.fd, frame.data(), frame.size(), MSG_NOSIGNAL), frame.size());
      }
      if (confirmed) CHECK(bed.mainLeases.confirmFrameBoundary(held));
      bed.release(held);
      if (!confirmed) {
        CHECK_EQ(bed.taint(id),
                 reads ? "bytes were read past the lease" : "bytes were written past the lease");
        continue;
      }
      CHECK(bed.alive(connection));
      if (!reads) CHECK_EQ(bed.peer(connection).events.front(), "text hi");
    }
  }
}

TEST_CASE("lease: a duplicate that is only looked at, or closed by its holder") {
  struct Case {
    const char* what;
    const char* why;
  };
  for (const Case& one : {Case{"looked at", ""}, Case{"closed", "its descriptor was closed"},
                          Case{"another's", "its descriptor was closed"}}) {
    for (const bool exclusive : {true, false}) {
      TcpLeaseBed bed;
      Connection& connection = bed.open();
      const ConnectionId id = connection.id;
      bed.peer(connection).text("hello");
      Held held = bed.hold(id, exclusive);
      bed.duplicate(held);
      const SocketPair others = unixPair();
      const std::string_view what = one.what;
      char byte;
      if (what == "looked at") CHECK_EQ(recv(held.fd, &byte, 1, MSG_PEEK), 1);
      if (what == "closed") ::close(held.fd);
      if (what == "another's") dup3(others.ours, held.fd, O_CLOEXEC);
      CHECK_EQ(bed.release(held), Why::none);
      if (*one.why == '\0' || !exclusive) {
        CHECK(bed.alive(connection));
        CHECK_EQ(bed.events(connection)[1], "text hello");
      } else {
        CHECK_EQ(bed.taint(id), one.why);
      }
      if (what == "another's") {
        CHECK_EQ(inodeOf(held.fd), inodeOf(others.ours));
        ::close(held.fd);
      }
      ::close(others.ours);
      ::close(others.theirs);
    }
  }
}
