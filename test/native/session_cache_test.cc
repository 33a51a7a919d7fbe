// Sessions that are kept and given out, with real handshakes on both ends.
#include "../../native/core/tls/session_cache.h"

#include <atomic>
#include <thread>
#include <vector>

#include "../../native/core/tls/tls_facts.h"
#include "tls_bed.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

// Ends whose client puts its sessions into a cache under one name.
struct Resuming {
  explicit Resuming(int version = TLS1_3_VERSION, size_t most = 100) : ends(version), cache(most) {
    SSL_CTX_set_app_data(ends.clients, this);
    SSL_CTX_set_session_cache_mode(ends.clients,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ends.clients, [](SSL* ssl, SSL_SESSION* session) {
      auto* self = static_cast<Resuming*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
      if (self->wrong != 0) keepVerifyError(ssl, self->wrong);
      self->cache.put(self->place, ssl, session);
      return 0;
    });
  }
  // Shakes hands, with a session if there is one, and reads the tickets. Answers if it was resumed.
  bool connect() {
    ends.connect([this](SSL* ssl) {
      if (const SessionPtr session = cache.take(place)) SSL_set_session(ssl, session.get());
    });
    TlsEnds::read(ends.client);
    return SSL_session_reused(ends.client) == 1;
  }

  TlsEnds ends;
  SessionCache cache;
  std::string place = "here";
  int wrong = 0;  // what verification is made to have found
};

}  // namespace

TEST_CASE("session cache: the next connection resumes, and knows the certificates of the first") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Resuming bed(version);
    CHECK_FALSE(bed.connect());
    const TlsFacts first = readTlsFacts(bed.ends.client);
    for (int i = 0; i < 5; i++) CHECK(bed.connect());
    const TlsFacts last = readTlsFacts(bed.ends.client);
    CHECK(last.sessionReused);
    CHECK_EQ(last.verifyResult, X509_V_OK);
    CHECK_EQ(last.chain.size(), 2u);
    CHECK(last.chain == first.chain);
  }
}

TEST_CASE("session cache: a connection that is cut leaves its session to others") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Resuming bed(version);
    bed.connect();
    SSL_free(std::exchange(bed.ends.client, nullptr));  // without close_notify
    CHECK(bed.connect());
  }
}

TEST_CASE("session cache: keeps the group of each, and learns another for all of a place") {
  Resuming bed;
  bed.connect();
  SSL_SESSION* const session = SSL_get_session(bed.ends.client);
  bed.cache.forget("here");
  bed.cache.put("here", bed.ends.client, session, "one");
  bed.cache.put("here", bed.ends.client, session);
  bed.cache.put("there", bed.ends.client, session, "one");
  std::string group = "what was";
  CHECK(bed.cache.take("here", &group));
  CHECK_EQ(group, "");
  CHECK(bed.cache.take("here", &group));
  CHECK_EQ(group, "one");
  bed.cache.learn("here", "two");
  bed.cache.learn("nowhere", "two");
  CHECK(bed.cache.take("here", &group));
  CHECK_EQ(group, "two");
  CHECK(bed.cache.take("there", &group));
  CHECK_EQ(group, "one");
  CHECK_FALSE(bed.cache.take("nowhere", &group));
  CHECK_EQ(group, "one");
}

TEST_CASE("session cache: another place has none") {
  Resuming bed;
  bed.connect();
  bed.place = "elsewhere";
  CHECK_FALSE(bed.connect());
  CHECK(bed.connect());
}

TEST_CASE("session cache: TLS 1.3 gives each out once, but for the last") {
  Resuming bed;
  bed.connect();
  REQUIRE_EQ(bed.cache.size(), 2u);
  const SessionPtr one = bed.cache.take("here");
  CHECK_EQ(bed.cache.size(), 1u);
  const SessionPtr two = bed.cache.take("here");
  const SessionPtr again = bed.cache.take("here");
  REQUIRE((one && two && again));
  const auto ticketOf = [](const SessionPtr& session) {
    const unsigned char* ticket = nullptr;
    size_t size = 0;
    SSL_SESSION_get0_ticket(session.get(), &ticket, &size);
    return std::string(reinterpret_cast<const char*>(ticket), size);
  };
  CHECK(ticketOf(one) != ticketOf(two));
  CHECK(ticketOf(two) == ticketOf(again));
  CHECK(two.get() != again.get());  // nobody shares one with another thread
}

TEST_CASE("session cache: what was not verified is not kept, nor too large, nor expired") {
  Resuming bed;
  bed.wrong = X509_V_ERR_CERT_HAS_EXPIRED;
  CHECK_FALSE(bed.connect());
  CHECK_EQ(bed.cache.size(), 0u);
  bed.wrong = 0;

  SSL_CTX_set_timeout(bed.ends.servers, 7200);
  bed.connect();
  CHECK_EQ(bed.cache.size(), 2u);
  SSL_SESSION* const old = SSL_SESSION_dup(SSL_get0_session(bed.ends.client));
  bed.cache.forget("here");
  SSL_SESSION_set_time(old, SSL_SESSION_get_time(old) - 7201);
  bed.cache.put("here", bed.ends.client, old);
  SSL_SESSION_free(old);
  CHECK_EQ(bed.cache.size(), 0u);

  // The application data of a ticket, which the server fills, travels in it.
  SSL_CTX_set_session_ticket_cb(
      bed.ends.servers,
      [](SSL* ssl, void*) {
        const std::string data(SessionCache::kLargest, 'x');
        return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), data.data(), data.size());
      },
      nullptr, nullptr);
  bed.connect();
  CHECK_EQ(bed.cache.size(), 0u);
}

TEST_CASE("session cache: never more than allowed; a place with several gives up its own") {
  Resuming none(TLS1_3_VERSION, 0);
  none.connect();
  CHECK_FALSE(none.connect());
  CHECK_EQ(none.cache.size(), 0u);

  Resuming bed(TLS1_3_VERSION, 4);
  for (const char* place : {"a", "b", "b", "b"}) {
    bed.place = place;
    bed.connect();
    CHECK_LE(bed.cache.size(), 4u);
  }
  CHECK_EQ(bed.cache.size(), 4u);
  CHECK(bed.cache.take("a") != nullptr);
  for (const char* place : {"c", "d", "e", "f", "g"}) {
    bed.place = place;
    bed.connect();
    CHECK_EQ(bed.cache.size(), 4u);
  }
  CHECK(bed.cache.take("a") == nullptr);
  CHECK(bed.cache.take("g") != nullptr);
}

TEST_CASE("session cache: a session that is refused goes with all of its place") {
  Resuming bed;
  bed.connect();
  bed.cache.forget("elsewhere");
  CHECK_EQ(bed.cache.size(), 2u);
  bed.cache.forget("here");
  CHECK_EQ(bed.cache.size(), 0u);
  CHECK_FALSE(bed.connect());
}

TEST_CASE("session cache: many threads put and take at once") {
  Resuming bed(TLS1_3_VERSION, 8);
  bed.connect();
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  SSL_SESSION* const session = SSL_get0_session(bed.ends.client);
  for (int i = 0; i < 4; i++) {
    threads.emplace_back([&, i] {
      const std::string own = "place " + std::to_string(i % 2);
      for (int round = 0; round < 2000; round++) {
        bed.cache.put(own, bed.ends.client, session);
        if (const SessionPtr one = bed.cache.take(own)) taken++;
        if (round % 100 == 0) bed.cache.forget(own);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_GT(taken, 0);
  CHECK_LE(bed.cache.size(), 8u);
}

TEST_CASE("transport: giving buffers back loses nothing that was not read") {
  TlsEnds ends;
  ends.connect();
  CHECK_EQ(TlsEnds::read(ends.client), "");  // the tickets
  CHECK_EQ(SSL_alloc_buffers(ends.client), 1);
  TlsEnds::write(ends.server, "not lost");
  uint8_t one;
  CHECK_EQ(receive(-1, ends.client, &one, 1).bytes, 1u);
  releaseBuffers(ends.client);
  CHECK_EQ(TlsEnds::read(ends.client), "ot lost");
  CHECK_EQ(TlsEnds::write(ends.client, "x").bytes, 1u);
  CHECK_EQ(TlsEnds::read(ends.server), "x");
}
