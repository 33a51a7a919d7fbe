// BIOs of ours on an SSL object: how they are stacked, and what each of them does to what passes.
#include <memory>
#include <string>

#include "../../native/core/bio/chain.h"
#include "../../native/core/bio/coalesce.h"
#include "../../native/core/bio/counter.h"
#include "../../native/core/bio/fault.h"
#include "../../native/core/bio/recorder.h"
#include "support.h"
#include "tls_bed.h"

using namespace lwspool;
using namespace lwspool::test;
using bio::Chain;

namespace {

using Status = IoResult::Status;

std::shared_ptr<bio::Layer> fault(const bio::FaultOptions& options, uint64_t number = 0) {
  return std::make_shared<bio::Fault>(options, number);
}

// Moves `text` from the client to the server and back, however often the BIOs put it off.
void crossing(TlsEnds& ends, const std::string& text) {
  for (SSL* from : {ends.client, ends.server}) {
    SSL* const to = from == ends.client ? ends.server : ends.client;
    size_t written = 0;
    std::string got;
    for (int i = 0; got.size() < text.size() && i < 1'000'000; i++) {
      if (written < text.size()) {
        const IoResult result = TlsEnds::write(from, std::string_view(text).substr(written));
        REQUIRE((result.status == Status::done || result.status == Status::again));
        written += result.bytes;
      }
      got += TlsEnds::read(to);
    }
    CHECK(got == text);
  }
}

template <class Layer>
long references(TlsEnds& ends, const std::shared_ptr<Layer>& layer) {
  ends.disconnect();
  return layer.use_count();
}

}  // namespace

TEST_CASE("bio: layers lie one above the other, the socket's at the end, and go with the object") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsEnds ends(version);
    const auto lower = std::make_shared<bio::Counter>();
    const auto upper = std::make_shared<bio::Recorder>(16);
    ends.connect([&](SSL* ssl) {
      CHECK(Chain::of(ssl) == nullptr);
      CHECK(Chain::push(ssl, lower) == nullptr);
      CHECK(Chain::push(ssl, upper) == nullptr);
    });
    CHECK_EQ(SSL_get_fd(ends.client), ends.sockets.ours);
    CHECK(SSL_get_rbio(ends.client) == SSL_get_wbio(ends.client));
    crossing(ends, std::string(40'000, 'x'));
    CHECK_EQ(lower->reads().bytes, BIO_number_read(bio::socketBio(ends.client)));
    CHECK_EQ(lower->writes().bytes, BIO_number_written(bio::socketBio(ends.client)));
    CHECK_FALSE(upper->lost());
    CHECK_EQ(upper->records().size(), 16);
    CHECK_EQ(references(ends, lower), 1);
    CHECK_EQ(upper.use_count(), 1);
  }
}

TEST_CASE("bio: layers are pushed and popped between messages; SSL_free() frees what is left") {
  TlsEnds ends;
  ends.connect();
  std::vector<std::shared_ptr<bio::Layer>> pushed;
  for (int round = 0; round < 20; round++) {
    crossing(ends, "round " + std::to_string(round));
    if (round % 4 != 3) {
      pushed.push_back(std::make_shared<bio::Counter>());
      REQUIRE(Chain::push(ends.client, pushed.back()) == nullptr);
    } else {
      std::shared_ptr<bio::Layer> popped;
      REQUIRE(Chain::pop(ends.client, popped) == nullptr);
      CHECK(popped == pushed.back());
      pushed.pop_back();
      popped.reset();
    }
  }
  CHECK_EQ(Chain::of(ends.client)->layers().size(), pushed.size());
  Chain::clear(ends.client);
  crossing(ends, "none left");
  std::shared_ptr<bio::Layer> none;
  CHECK(Chain::pop(ends.client, none) != nullptr);
  for (const auto& layer : pushed) CHECK_EQ(layer.use_count(), 1);
  REQUIRE(Chain::push(ends.client, pushed[0]) == nullptr);
  CHECK_EQ(references(ends, pushed[0]), 1);
}

TEST_CASE("bio: so many lie one above the other, and no more") {
  TlsEnds ends;
  ends.connect();
  for (int i = 0; i < 16; i++) {
    CHECK(Chain::push(ends.client, std::make_shared<bio::Counter>()) == nullptr);
  }
  CHECK(Chain::push(ends.client, std::make_shared<bio::Counter>()) != nullptr);
  crossing(ends, "through all of them");
  std::shared_ptr<bio::Layer> popped;
  CHECK(Chain::pop(ends.client, popped) == nullptr);
  CHECK(Chain::push(ends.client, popped) == nullptr);
  CHECK(Chain::push(ends.client, std::make_shared<bio::Counter>()) != nullptr);
}

TEST_CASE("bio: nothing is pushed or popped while a record is half written") {
  TlsEnds ends;
  ends.connect();
  REQUIRE(Chain::push(ends.client, std::make_shared<bio::Counter>()) == nullptr);
  TlsEnds::fill(ends.client, std::string(16'000, 'f'));
  std::shared_ptr<bio::Layer> popped;
  CHECK(Chain::push(ends.client, std::make_shared<bio::Counter>()) != nullptr);
  CHECK(Chain::pop(ends.client, popped) != nullptr);
  CHECK(Chain::of(ends.client)->layers().size() == 1);
  CHECK(Chain::of(ends.client)->ownRetries() == 0);  // the kernel takes nothing: that is waited for
}

TEST_CASE("bio: an end of the stream passes through, with and without close_notify") {
  for (const bool notified : {true, false}) {
    TlsEnds ends;
    ends.connect([](SSL* ssl) {
      REQUIRE(Chain::push(ssl, std::make_shared<bio::Counter>()) == nullptr);
      REQUIRE(Chain::push(ssl, std::make_shared<bio::Recorder>(4)) == nullptr);
    });
    TlsEnds::read(ends.client);
    if (notified) SSL_shutdown(ends.server);
    shutdown(ends.sockets.theirs, SHUT_WR);
    uint8_t byte;
    CHECK(receive(-1, ends.client, &byte, 1).status ==
          (notified ? Status::ended : Status::truncated));
  }
}

TEST_CASE("bio: a recorder finds records however they are cut, and gives up on other bytes") {
  // Two ends that hand out what they are told.
  class Feed final : public bio::Layer {
   public:
    bio::Kind kind() const override { return bio::Kind::custom; }
    std::shared_ptr<const Layer> copy() const override { return nullptr; }
    IoResult read(bio::Below&, uint8_t* out, size_t capacity) override {
      const size_t size = std::min({capacity, step, bytes.size()});
      if (size == 0) return {Status::again};
      bytes.copy(reinterpret_cast<char*>(out), size);
      bytes.erase(0, size);
      return {Status::done, size};
    }
    std::string bytes;
    size_t step = 1;
  };
  const std::string stream = std::string("\x16\x03\x01\x00\x03", 5) + "abc" +
                             std::string("\x17\x03\x03\x00\x00", 5) +
                             std::string("\x15\x03\x03\x01\x2c", 5) + std::string(300, 'z');
  for (const size_t step : {1u, 2u, 5u, 7u, 64u, 1000u}) {
    TlsEnds ends;
    ends.connect();
    const auto feed = std::make_shared<Feed>();
    const auto recorder = std::make_shared<bio::Recorder>(8);
    REQUIRE(Chain::push(ends.client, feed) == nullptr);
    REQUIRE(Chain::push(ends.client, recorder) == nullptr);
    feed->bytes = stream + stream;
    feed->step = step;
    char sink[64];
    while (BIO_read(SSL_get_rbio(ends.client), sink, sizeof sink) > 0) {
    }
    const auto records = recorder->records();
    REQUIRE_EQ(records.size(), 6);
    CHECK_EQ(records[3].type, 22);
    CHECK_EQ(records[4].length, 0);
    CHECK_EQ(records[5].length, 300);
    CHECK_FALSE(recorder->lost());
    feed->bytes = "GET / HTTP/1.1";
    while (BIO_read(SSL_get_rbio(ends.client), sink, sizeof sink) > 0) {
    }
    CHECK(recorder->lost());
    CHECK_EQ(recorder->total(), 6);
  }
}

TEST_CASE("bio: short reads and writes, retries and delays change nothing of what arrives") {
  const uint64_t first = seed();
  for (uint64_t round = 0; round < 20; round++) {
    TlsEnds ends(round % 2 == 0 ? TLS1_2_VERSION : TLS1_3_VERSION);
    bio::FaultOptions options;
    options.seed = first + round;
    options.shortReads = options.shortWrites = 0.7;
    options.retries = 0.3;
    options.delays = 0.01;
    options.delay = 1;
    ends.connect();
    REQUIRE(Chain::push(ends.client, fault(options)) == nullptr);
    crossing(ends, std::string(30'000, 'a'));
    CHECK_EQ(TlsEnds::read(ends.client), "");
  }
}

TEST_CASE("bio: a changed byte is found by TLS, and a reset is a reset") {
  for (const bool incoming : {true, false}) {
    TlsEnds ends;
    ends.connect();
    TlsEnds::read(ends.client);
    bio::FaultOptions options;
    (incoming ? options.corruptRead : options.corruptWrite) = 40;
    REQUIRE(Chain::push(ends.client, fault(options)) == nullptr);
    const std::string text(100, 't');
    TlsEnds::write(incoming ? ends.server : ends.client, text);
    CHECK_EQ(TlsEnds::read(incoming ? ends.client : ends.server), "!");
  }
  TlsEnds ends;
  ends.connect();
  bio::FaultOptions options;
  options.resetAfter = 200;
  REQUIRE(Chain::push(ends.client, fault(options)) == nullptr);
  IoResult result{};
  for (int i = 0; i < 10 && result.status == Status::done; i++) {
    result = TlsEnds::write(ends.client, std::string(50, 'r'));
  }
  CHECK(result.status == Status::broken);
  CHECK_EQ(result.error, ECONNRESET);
  CHECK_EQ(BIO_number_written(bio::socketBio(ends.client)) > 0, true);
}

TEST_CASE("bio: the same seed does the same, and each BIO of one option does something else") {
  const auto trace = [](uint64_t seed, uint64_t number) {
    TlsEnds ends;
    ends.connect();
    bio::FaultOptions options;
    options.seed = seed;
    options.shortWrites = 0.5;
    REQUIRE(Chain::push(ends.client, std::make_shared<bio::Counter>()) == nullptr);
    REQUIRE(Chain::push(ends.client, fault(options, number)) == nullptr);
    for (int i = 0; i < 50; i++) TlsEnds::write(ends.client, std::string(100, 's'));
    return static_cast<const bio::Counter&>(*Chain::of(ends.client)->layers()[0]).writes().calls;
  };
  CHECK_EQ(trace(7, 0), trace(7, 0));
  CHECK_EQ(bio::Fault({.seed = 7}, 3).seed(), bio::Fault({.seed = 7}, 3).seed());
  CHECK_NE(bio::Fault({.seed = 7}, 3).seed(), bio::Fault({.seed = 7}, 4).seed());
  CHECK_EQ(bio::Fault({.seed = 7}, 0).seed(), 7);
}

TEST_CASE("bio: what retries by itself is told from what waits for the kernel") {
  TlsEnds ends;
  ends.connect();
  bio::FaultOptions options;
  options.retries = 1;
  REQUIRE(Chain::push(ends.client, fault(options)) == nullptr);
  Chain& chain = *Chain::of(ends.client);
  chain.opening = true;
  for (uint32_t i = 1; i <= 20; i++) {
    CHECK_EQ(TlsEnds::read(ends.client), "");
    CHECK_EQ(chain.ownRetries(), i);
    CHECK(chain.takePutOff());
    CHECK_FALSE(chain.takePutOff());
    CHECK_EQ(chain.nextDelay(), std::min(128u, 1u << std::min(i - 1, 7u)));
  }
  const auto notices = chain.takeNotices();
  REQUIRE_EQ(notices.size(), 1);
  CHECK_EQ(std::string(notices[0].code), "BIO_RETRIES");
  chain.nextDelay();
  CHECK_FALSE(chain.hasNotices());
  std::shared_ptr<bio::Layer> popped;
  REQUIRE(Chain::pop(ends.client, popped) == nullptr);
  CHECK_EQ(chain.ownRetries(), 0);
}

TEST_CASE("bio: records are gathered into one write, and sent on before the BIO is popped") {
  TlsEnds ends;
  ends.connect();
  const auto counter = std::make_shared<bio::Counter>();
  const auto coalesce = std::make_shared<bio::Coalesce>(64 * 1024);
  REQUIRE(Chain::push(ends.client, counter) == nullptr);
  REQUIRE(Chain::push(ends.client, coalesce) == nullptr);
  Chain& chain = *Chain::of(ends.client);
  const std::string text(8'000, 'c');
  TlsEnds::write(ends.client, text);  // nobody gathers: it passes
  CHECK_EQ(counter->writes().calls, 1);
  chain.gather(true);
  for (int i = 0; i < 5; i++) CHECK_EQ(TlsEnds::write(ends.client, text).bytes, text.size());
  CHECK_EQ(counter->writes().calls, 1);
  CHECK_GT(chain.kept(), 5 * text.size());
  CHECK_EQ(TlsEnds::read(ends.server).size(), text.size());
  CHECK(chain.flush(ends.client).status == Status::done);
  CHECK_EQ(chain.kept(), 0);
  CHECK_EQ(counter->writes().calls, 2);
  CHECK_EQ(coalesce->records(), 6);
  CHECK_EQ(TlsEnds::read(ends.server).size(), 5 * text.size());
  TlsEnds::write(ends.client, text);
  chain.gather(false);
  std::shared_ptr<bio::Layer> popped;
  REQUIRE(Chain::pop(ends.client, popped) == nullptr);
  CHECK(popped == coalesce);
  CHECK_EQ(TlsEnds::read(ends.server), text);
}

TEST_CASE("bio: what is gathered stays in order when the kernel takes no more") {
  TlsEnds ends;
  ends.connect();
  REQUIRE(Chain::push(ends.client, std::make_shared<bio::Coalesce>(100'000)) == nullptr);
  Chain& chain = *Chain::of(ends.client);
  std::string sent;
  std::string pending;
  std::string got;
  for (int i = 0; i < 400; i++) {
    chain.gather(true);
    if (pending.empty()) pending = std::string(9'000, static_cast<char>('a' + i % 26));
    const IoResult result = TlsEnds::write(ends.client, pending);
    REQUIRE((result.status == Status::done || result.status == Status::again));
    sent += pending.substr(0, result.bytes);
    pending.erase(0, result.bytes);
    chain.gather(false);
    if (i % 3 == 0) chain.flush(ends.client);
    std::shared_ptr<bio::Layer> popped;
    if (chain.kept() > 0 && chain.flush(ends.client).status == Status::again) {
      CHECK(Chain::pop(ends.client, popped) != nullptr);
    }
    if (i % 40 == 39) got += TlsEnds::read(ends.server);
  }
  while (chain.kept() > 0) {
    chain.flush(ends.client);
    got += TlsEnds::read(ends.server);
  }
  if (!pending.empty()) {
    sent += pending.substr(0, TlsEnds::write(ends.client, pending).bytes);
  }
  got += TlsEnds::read(ends.server);
  CHECK(got == sent);
}
