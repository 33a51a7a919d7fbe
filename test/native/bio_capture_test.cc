// Captures: what is in their files, and what becomes of them when a file cannot grow.
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "../../native/core/bio/capture.h"
#include "../../native/core/bio/chain.h"
#include "../../native/core/bio/memory.h"
#include "support.h"
#include "tls_bed.h"

using namespace lwspool;
using namespace lwspool::test;
using bio::Chain;

namespace {

class Folder {
 public:
  Folder() { REQUIRE(mkdtemp(path_) != nullptr); }
  ~Folder() {
    std::remove(file().c_str());
    rmdir(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file() const { return std::string(path_) + "/x.pcapng"; }

 private:
  char path_[32] = "/tmp/lws-pool-XXXXXX";
};

struct Block {
  uint32_t type;
  std::string body;
};

template <class Number>
Number at(const std::string& bytes, size_t position) {
  Number number;
  REQUIRE_LE(position + sizeof number, bytes.size());
  std::memcpy(&number, bytes.data() + position, sizeof number);
  return number;
}

// All blocks of a file; each has to be whole.
std::vector<Block> blocksOf(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  std::vector<Block> blocks;
  for (size_t position = 0; position < bytes.size();) {
    const auto length = at<uint32_t>(bytes, position + 4);
    REQUIRE_EQ(length % 4, 0);
    REQUIRE_LE(position + length, bytes.size());
    REQUIRE_EQ(at<uint32_t>(bytes, position + length - 4), length);
    blocks.push_back({at<uint32_t>(bytes, position), bytes.substr(position + 8, length - 12)});
    position += length;
  }
  return blocks;
}

// Of a packet over IPv4: its TCP sequence number and payload.
std::pair<uint32_t, std::string> segmentOf(const Block& block) {
  const auto size = at<uint32_t>(block.body, 12);
  const std::string frame = block.body.substr(20, size);
  return {ntohl(at<uint32_t>(frame, 14 + 20 + 4)), frame.substr(14 + 20 + 20)};
}

constexpr uint32_t kPacket = 6;
constexpr uint32_t kSecrets = 10;

// A peer whose handshake comes in many pieces.
class Pieces final : public bio::Layer {
 public:
  bio::Kind kind() const override { return bio::Kind::fault; }
  std::shared_ptr<const Layer> copy() const override { return std::make_shared<Pieces>(); }
  IoResult read(bio::Below& below, uint8_t* out, size_t capacity) override {
    return below.read(out, std::min<size_t>(capacity, 100));
  }
};

}  // namespace

TEST_CASE("bio capture: secrets stand before the handshake that they open, however it comes") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const Folder folder;
    TlsEnds ends(version);
    SSL_CTX_set_keylog_callback(ends.clients, bio::tellSecret);
    ends.connect(
        [&](SSL* ssl) {
          REQUIRE(Chain::push(ssl, std::make_shared<Pieces>()) == nullptr);
          REQUIRE(Chain::push(ssl, std::make_shared<bio::Capture>(folder.file(), 1 << 20,
                                                                  ends.sockets.ours)) == nullptr);
        },
        tcpPair());
    CHECK_EQ(TlsEnds::write(ends.server, "said by the server").bytes, 18);
    std::string got;
    while (got.size() < 18) got += TlsEnds::read(ends.client);
    CHECK_EQ(got, "said by the server");
    ends.disconnect();
    std::string secrets;
    size_t before = 0;  // packets with something in them
    for (const Block& block : blocksOf(folder.file())) {
      if (block.type == kSecrets) secrets += block.body;
      if (block.type != kPacket || segmentOf(block).second.empty()) continue;
      if (secrets.empty()) before++;
      // Not one comes up later.
      if (version == TLS1_2_VERSION) CHECK_NE(secrets.find("CLIENT_RANDOM"), std::string::npos);
      if (version != TLS1_3_VERSION) continue;
      for (const char* label :
           {"CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"}) {
        CHECK_NE(secrets.find(label), std::string::npos);
      }
    }
    CHECK_EQ(before, 0);
  }
}

TEST_CASE("bio capture: of a handshake that is never done all is there") {
  const Folder folder;
  TlsEnds ends;
  const SocketPair pair = tcpPair();
  SSL* const ssl = SSL_new(ends.clients);
  SSL_set_fd(ssl, pair.ours);
  SSL_set_connect_state(ssl);
  REQUIRE(Chain::push(ssl, std::make_shared<bio::Capture>(folder.file(), 1 << 20, pair.ours)) ==
          nullptr);
  CHECK_EQ(SSL_do_handshake(ssl), -1);
  // A ServerHello that cannot be.
  const std::string record = std::string("\x16\x03\x03\x00\x04\x02\xff\xff\xff", 9);
  CHECK_EQ(send(pair.theirs, record.data(), record.size(), 0), record.size());
  while (SSL_do_handshake(ssl) == -1 && SSL_get_error(ssl, -1) == SSL_ERROR_WANT_READ) {
  }
  ERR_clear_error();
  SSL_free(ssl);
  close(pair.ours);
  close(pair.theirs);
  size_t said = 0;
  for (const Block& block : blocksOf(folder.file())) {
    if (block.type == kPacket && segmentOf(block).second == record) said++;
  }
  CHECK_EQ(said, 1);
}

TEST_CASE("bio capture: secrets stand before what they open, and every byte is there once") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const Folder folder;
    TlsEnds ends(version);
    SSL_CTX_set_keylog_callback(ends.clients, bio::tellSecret);
    ends.connect(
        [&](SSL* ssl) {
          REQUIRE(Chain::push(ssl, std::make_shared<bio::Capture>(folder.file(), 1 << 20,
                                                                  ends.sockets.ours)) == nullptr);
        },
        tcpPair());
    const std::string text(100'000, 'c');
    size_t written = 0;
    std::string got;
    while (got.size() < text.size()) {
      written += TlsEnds::write(ends.client, std::string_view(text).substr(written)).bytes;
      got += TlsEnds::read(ends.server);
    }
    const uint64_t out = BIO_number_written(bio::socketBio(ends.client));
    struct stat status;
    REQUIRE_EQ(stat(folder.file().c_str(), &status), 0);
    CHECK_EQ(status.st_mode & 0777, 0600);
    // Closed without a word: the file ends with the object.
    SSL_set_quiet_shutdown(ends.client, 1);
    ends.disconnect();

    const std::vector<Block> blocks = blocksOf(folder.file());
    REQUIRE_GT(blocks.size(), 8);
    CHECK_EQ(blocks[0].type, 0x0a0d0d0a);
    CHECK_EQ(blocks[1].type, 1);
    uint64_t bytes = 0;
    uint32_t next = 1;
    bool told = false;
    for (const Block& block : blocks) {
      if (block.type == kSecrets) told = true;
      if (block.type != kPacket) continue;
      const auto [sequence, payload] = segmentOf(block);
      if (payload.empty() || payload[0] == 'c') continue;
      if (payload[0] == 23) CHECK(told);  // application_data
      if (sequence != next) continue;     // the peer's
      next += static_cast<uint32_t>(payload.size());
      bytes += payload.size();
    }
    CHECK_EQ(bytes, out);
  }
}

TEST_CASE("bio capture: a full disk ends the file, whole, and not the connection") {
  const Folder folder;
  TlsEnds ends;
  ends.connect();
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before;
  REQUIRE_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto capture = std::make_shared<bio::Capture>(folder.file(), 1 << 30, ends.sockets.ours);
  REQUIRE(Chain::push(ends.client, capture) == nullptr);
  const rlimit full{20'001, before.rlim_max};
  REQUIRE_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
  for (int i = 0; i < 20; i++) {
    CHECK_EQ(TlsEnds::write(ends.client, std::string(3'000, 'd')).bytes, 3'000);
    CHECK_EQ(TlsEnds::read(ends.server).size(), 3'000);
  }
  REQUIRE_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  CHECK(capture->stopped());
  const auto notices = Chain::of(ends.client)->takeNotices();
  REQUIRE_EQ(notices.size(), 1);
  CHECK_EQ(std::string(notices[0].code), "BIO_CAPTURE");
  CHECK_NE(notices[0].text.find("EFBIG"), std::string::npos);
  struct stat status;
  REQUIRE_EQ(stat(folder.file().c_str(), &status), 0);
  CHECK_EQ(static_cast<uint64_t>(status.st_size), capture->bytes());
  CHECK_GT(blocksOf(folder.file()).size(), 5);
}

TEST_CASE("bio capture: a file that is there is not touched") {
  const Folder folder;
  std::ofstream(folder.file()) << "precious";
  CHECK_THROWS_AS(bio::Capture(folder.file(), 1 << 20, 0), std::runtime_error);
  std::ifstream in(folder.file());
  CHECK_EQ(std::string{std::istreambuf_iterator<char>(in), {}}, "precious");
}

TEST_CASE("bio memory: stands in the place of the socket, and is part of one chain at a time") {
  TlsEnds ends;
  ends.connect();
  TlsEnds::read(ends.client);
  const auto memory = std::make_shared<bio::Memory>(10'000);
  REQUIRE(Chain::push(ends.client, memory) == nullptr);
  CHECK(Chain::push(ends.server, memory) != nullptr);
  CHECK(Chain::of(ends.client)->detached());
  CHECK_EQ(TlsEnds::write(ends.client, "to the server").bytes, 13);
  CHECK_EQ(TlsEnds::read(ends.server), "");
  std::shared_ptr<bio::Layer> popped;
  CHECK(Chain::pop(ends.client, popped) != nullptr);
  std::string bytes;
  while (memory->kept() > 0) bytes += memory->take(7);
  CHECK_EQ(send(ends.sockets.ours, bytes.data(), bytes.size(), 0), bytes.size());
  CHECK_EQ(TlsEnds::read(ends.server), "to the server");
  CHECK_EQ(TlsEnds::write(ends.server, "to the client").bytes, 13);
  uint8_t buffer[1000];
  const ssize_t size = recv(ends.sockets.ours, buffer, sizeof buffer, 0);
  REQUIRE_GT(size, 0);
  for (ssize_t i = 0; i < size; i++) CHECK_EQ(memory->feed(buffer + i, 1), 1);
  CHECK(Chain::pop(ends.client, popped) != nullptr);
  CHECK_EQ(TlsEnds::read(ends.client), "to the client");
  CHECK(Chain::pop(ends.client, popped) == nullptr);
  CHECK_EQ(memory->fed(), static_cast<uint64_t>(size));
  CHECK_EQ(memory->taken(), bytes.size());
  REQUIRE(Chain::push(ends.client, memory) == nullptr);
  memory->end();
  CHECK(receive(-1, ends.client, buffer, 1).status == IoResult::Status::truncated);
}
