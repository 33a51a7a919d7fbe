// A worker, peers and requesters, each on a thread of its own, and leases of all kinds between
// them. No message is lost, doubled or out of its turn; nobody is let in beside the holder of an
// exclusive lease; every request is answered, or its connection ends.
#include <chrono>
#include <mutex>
#include <thread>

#include "lease_bed.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

using Random = std::mt19937_64;

bool oneIn(Random& random, uint64_t n) { return random() % n == 0; }

size_t randomSize(Random& random) {
  if (oneIn(random, 20)) return random() % 60'000;
  return oneIn(random, 4) ? random() % 4'000 : random() % 120;
}

// A message that says which one it is, of any length. Of a raw stream: its bytes from there on.
std::string messageOf(char series, uint64_t number, size_t size) {
  std::string text = series + std::to_string(number) + ":";
  while (text.size() < size) text += static_cast<char>('a' + (number + text.size()) % 26);
  return text;
}
std::string streamOf(uint64_t from, size_t size) {
  std::string text(size, '\0');
  for (char& byte : text) byte = static_cast<char>('A' + from++ * 7 / 3 % 61);
  return text;
}

// Of one connection. What is neither atomic nor said to be one thread's is used by the worker and
// by the holder of an exclusive lease alone: TSan sees to it that they never meet.
struct Model {
  ConnectionId id;
  Kind kind = Kind::ws;
  bool tls = false;
  Peer* peer = nullptr;
  bool peerWaits = false;            // the peers' thread
  std::atomic<uint64_t> sentUs{0};   // messages, or bytes of a raw stream; by the peers' thread
  std::atomic<uint64_t> gotPeer{0};  // what was sent to it, arrived
  std::atomic<uint64_t> gotPeerHeld{0};
  std::atomic<uint64_t> sentPeer{0};  // by the sender's thread
  uint64_t gotUs = 0;
  uint64_t sentPeerHeld = 0;          // written by holders
  std::atomic<uint64_t> gotUsNow{0};  // the same as gotUs, for others to look at
  std::atomic<uint64_t> sentPeerHeldNow{0};
  std::atomic<uint64_t> lastToken{0};
  std::atomic<uint64_t> held{0};  // the token of an exclusive lease
  std::atomic<uint64_t> expired{
      0};  // tokens up to this one may be over without their holder's doing
  std::atomic<int> sharers{0};
  std::atomic<bool> ending{false};  // something may be lost, and leases end by themselves
  std::atomic<int> closed{0};
};

class World {
  // One for each side.
  class Side final : public EventSink {
   public:
    explicit Side(World& world) : world_(world) {}

    void opened(Connection&, const Fields&) override {}
    void failed(Connection& connection, const ErrorInfo&) override {
      world_.note(world_.of(connection), "failed");
    }
    void closed(Connection& connection, uint16_t, std::string_view reason,
                const ErrorInfo& error) override {
      Model& model = world_.of(connection);
      if (error || !model.ending) {
        world_.note(model, "closed: " + error.code + " " + std::string(reason) +
                               std::string(error.fields.get("reason")));
      }
      model.closed++;
    }
    void message(Connection& connection, Opcode, const uint8_t* data, size_t size) override {
      Model& model = world_.of(connection);
      if (model.held != 0) world_.note(model, "the worker read beside a holder");
      world_.got(model, toString(data, size), "the worker");
    }
    void message(Connection& connection, Opcode opcode, Bytes&& data) override {
      const Bytes own = std::move(data);
      message(connection, opcode, own.data(), own.size());
    }
    void ping(Connection&, const uint8_t*, size_t) override {}
    void pong(Connection&, const uint8_t*, size_t) override {}
    void data(Connection& connection, const uint8_t* data, size_t size) override {
      message(connection, Opcode::binary, data, size);
    }
    void ended(Connection& connection) override { world_.note(world_.of(connection), "ended"); }
    void flushed(Connection&, uint32_t) override {}
    void leased(Connection&, uint32_t request, double tokenOrRefusal) override {
      std::lock_guard lock(mutex_);
      if (!answers_.emplace(request, static_cast<int64_t>(tokenOrRefusal)).second) twice_ = true;
    }
    // Any thread. 0: none yet.
    int64_t answer(uint32_t request) {
      std::lock_guard lock(mutex_);
      const auto found = answers_.find(request);
      return found == answers_.end() ? 0 : found->second;
    }
    bool twice() {
      std::lock_guard lock(mutex_);
      return twice_;
    }

   private:
    World& world_;
    std::mutex mutex_;  // guards what follows
    std::map<uint32_t, int64_t> answers_;
    bool twice_ = false;
  };

 public:
  explicit World(uint64_t seed) : readers_(seed % 2 == 0), random_(seed) {
    bed_.service.use(bed_.connector, main_, handler_);
    for (Model& model : models_) {
      model.kind = oneIn(random_, 4) ? Kind::raw : Kind::ws;
      model.tls = bed_.connector.tls = oneIn(random_, 2);
      const int buffer = oneIn(random_, 2) ? 16 * 1024 : 0;
      bed_.connector.sockets = [buffer] { return tcpPair(buffer); };
      Connection& connection = bed_.open(endpoint(model.kind));
      model.id = connection.id;
      model.peer = &bed_.connector.peer(model.id);
      model.peer->raw = model.kind == Kind::raw;
      model.peer->onMessage = [this, &model](Opcode, std::string_view text) {
        peerGot(model, text);
      };
    }
    bed_.host.onDeliver = [this] { applyHandlers(); };
  }

  // What went wrong first; empty: nothing. The worker is the calling thread, which is the one that
  // has opened the connections: a ring belongs to one thread for ever.
  std::string run(double seconds) {
    std::thread others([this, seconds] { direct(seconds); });
    while (!stopWorker_) bed_.host.turn(bed_.service, 1);
    others.join();
    if (main_.twice() || handler_.twice()) note(models_[0], "a request was answered twice");
    for (const Model& model : models_) {
      if (model.kind == Kind::ws) messages += model.gotUs + model.gotPeer + model.gotPeerHeld;
    }
    return wrong_;
  }

  uint64_t messages = 0;
  std::atomic<size_t> leases{0};
  std::atomic<size_t> waited{0};

 private:
  // Starts and ends everybody but the worker.
  void direct(double seconds) {
    std::thread peers([this, seed = random_()] { pumpPeers(seed); });
    std::thread sender([this, seed = random_()] { sendAll(seed); });
    std::vector<std::thread> requesters;
    for (int i = 0; i < 4; i++) {
      requesters.emplace_back([this, i, seed = random_()] { request(i % 2 == 0, seed); });
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    if (oneIn(random_, 2)) endSome();  // while everybody is at it
    stopRequesters_ = true;
    for (std::thread& requester : requesters) requester.join();
    stopSending_ = true;
    sender.join();
    waitFor([this](const Model& model) { return model.ending || complete(model); }, "stands still");
    stopPeers_ = true;
    peers.join();
    for (Model& model : models_) terminate(model);
    waitFor([](const Model& model) { return model.closed == 1; }, "was not closed once");
    stopWorker_ = true;
    bed_.host.wake();
  }
  Model& of(const Connection& connection) { return models_[connection.id.slot]; }
  void note(const Model& model, const std::string& what) {
    std::lock_guard lock(wrongMutex_);
    if (!wrong_.empty()) return;
    wrong_ = "slot " + std::to_string(model.id.slot) + (model.kind == Kind::ws ? ", ws" : ", raw") +
             (model.tls ? ", TLS" : "") + ": " + what + "; to us " +
             std::to_string(model.gotUsNow) + " of " + std::to_string(model.sentUs) +
             ", to the peer " + std::to_string(model.gotPeer) + " of " +
             std::to_string(model.sentPeer) + ", by holders " + std::to_string(model.gotPeerHeld) +
             " of " + std::to_string(model.sentPeerHeldNow);
  }
  template <class Predicate>
  void waitFor(Predicate predicate, const char* otherwise) {
    const uint64_t end = monotonicNow() + 20'000;
    for (const Model& model : models_) {
      while (!predicate(model)) {
        if (monotonicNow() > end) return note(model, otherwise);
        usleep(1'000);
      }
    }
  }
  static bool complete(const Model& model) {
    return model.gotUsNow == model.sentUs && model.gotPeer == model.sentPeer &&
           model.gotPeerHeld == model.sentPeerHeldNow;
  }

  // --- what arrives ---
  void got(Model& model, std::string_view text, const char* who) {
    if (text != (model.kind == Kind::raw ? streamOf(model.gotUs, text.size())
                                         : messageOf('p', model.gotUs, text.size()))) {
      note(model, std::string(who) + " got " + std::string(text.substr(0, 30)));
    }
    model.gotUsNow = model.gotUs += model.kind == Kind::raw ? text.size() : 1;
  }
  void peerGot(Model& model, std::string_view text) {
    auto& count = text.starts_with('h') ? model.gotPeerHeld : model.gotPeer;
    if (text != messageOf(text.empty() ? '?' : text[0], count, text.size())) {
      note(model, "its peer got " + std::string(text.substr(0, 30)));
    }
    count++;
  }

  // --- the peers' thread ---
  void pumpPeers(uint64_t seed) {
    Random random(seed);
    while (!stopPeers_) {
      for (Model& model : models_) {
        Peer& peer = *model.peer;
        if (!stopSending_ && peer.unwritten() < 1 << 18 && oneIn(random, 3)) {
          const size_t size = randomSize(random);
          if (model.kind == Kind::raw) {
            peer.write(streamOf(model.sentUs, size));
            model.sentUs += size;
          } else {
            const std::string text = messageOf('p', model.sentUs++, size);
            const size_t cut = readers_ || oneIn(random, 2) ? text.size() : random() % text.size();
            if (cut < text.size()) peer.frame({0x02, text.substr(0, cut)});
            peer.frame({static_cast<uint8_t>(cut < text.size() ? 0x80 : 0x82),
                        cut < text.size() ? text.substr(cut) : text});
          }
        }
        if (oneIn(random, 50)) model.peerWaits = !model.peerWaits;
        peer.reads = !model.peerWaits || stopSending_;
        peer.pump();
        if (peer.raw && !peer.received.empty()) {
          if (peer.received != streamOf(model.gotPeer, peer.received.size())) {
            note(model, "its peer got something else");
          }
          model.gotPeer += peer.received.size();
          peer.received.clear();
        }
        if (!peer.events.empty()) note(model, peer.events.front());
        if (peer.sawEnd && !model.ending) note(model, "its peer saw the end");
      }
      usleep(random() % 300);
    }
  }

  // --- commands ---
  // As the main thread's JavaScript hands them over.
  void command(const Octets& record) {
    const uint32_t slab = bed_.channel.outbox.acquire();
    std::memcpy(bed_.channel.outbox.slab(slab)->data(), record.data(), record.size());
    bed_.channel.push(Commands{slab, static_cast<uint32_t>(record.size())});
  }
  // As that in the worker does.
  void handlerCommand(const Octets& record) {
    {
      std::lock_guard lock(commandsMutex_);
      commands_.push_back(record);
    }
    bed_.host.wake();
  }
  void applyHandlers() {
    std::vector<Octets> commands;
    {
      std::lock_guard lock(commandsMutex_);
      commands.swap(commands_);
    }
    for (const Octets& record : commands) {
      bed_.service.apply(record.data(), record.size(), Source::handler);
    }
    if (revoke_.exchange(false)) bed_.service.revokeAll();
  }
  void sendAll(uint64_t seed) {
    Random random(seed);
    while (!stopSending_) {
      Model& model = models_[random() % kModels];
      const size_t size = randomSize(random);
      if (model.kind == Kind::raw) {
        command(Bed::encode(Command::send, model.id, streamOf(model.sentPeer, size)));
        model.sentPeer += size;
      } else {
        const std::string text = messageOf('s', model.sentPeer++, size);
        command(Bed::encode(Command::send, model.id, text, 0, flag::binary));
      }
      if (oneIn(random, 3)) usleep(random() % 500);
    }
  }
  void terminate(Model& model) {
    model.ending = true;
    command(Bed::encode(Command::terminate, model.id));
  }
  void endSome() {
    if (oneIn(random_, 3)) {
      for (Model& model : models_) model.ending = true;
      revoke_ = true;
      bed_.host.wake();
      while (revoke_) usleep(1'000);
    }
    for (Model& model : models_) {
      if (oneIn(random_, 2)) terminate(model);
      usleep(1'000);
    }
  }

  // --- a requester's thread ---
  void request(bool main, uint64_t seed) {
    Random random(seed);
    Side& side = main ? main_ : handler_;
    const auto tell = [&](const Octets& record) {
      main ? command(record) : handlerCommand(record);
    };
    Leases taker(std::shared_ptr<Channel>(std::shared_ptr<void>(), &bed_.channel),
                 main ? Source::main : Source::handler);
    std::vector<std::pair<uint32_t, ConnectionId>> givenUp;
    const auto releaseGivenUp = [&] {
      std::erase_if(givenUp, [&](const auto& one) {
        const int64_t token = side.answer(one.first);
        if (token > 0) taker.release({one.second, static_cast<uint64_t>(token)}, -1);
        return token != 0;
      });
    };
    while (!stopRequesters_) {
      releaseGivenUp();
      Model& model = models_[random() % kModels];
      const bool exclusive = !oneIn(random, 3);
      const bool frame = oneIn(random, 2);
      const uint64_t maxHold = oneIn(random, 6) ? 1 + random() % 5 : 0;
      const uint64_t before = model.lastToken;
      int64_t token = taker.take(model.id, exclusive, frame, maxHold);
      if (token == kBusy && oneIn(random, 2)) {
        const uint32_t number = ++requests_;
        const auto hold = static_cast<double>(maxHold);
        const std::string_view payload(reinterpret_cast<const char*>(&hold), sizeof hold);
        tell(Bed::encode(
            Command::lease, model.id, payload, number,
            static_cast<uint16_t>((exclusive ? flag::exclusive : 0) | (frame ? flag::frame : 0))));
        waited++;
        if (oneIn(random, 5)) {
          if (oneIn(random, 2)) usleep(random() % 1'000);
          tell(Bed::encode(Command::cancelLease, model.id, "", number));
          givenUp.emplace_back(number, model.id);
          continue;
        }
        const uint64_t end = monotonicNow() + 20'000;
        while ((token = side.answer(number)) == 0 && model.closed == 0 && !model.ending) {
          // Nobody may wait for what another has given up and not seen yet.
          releaseGivenUp();
          if (monotonicNow() > end) return note(model, "a request is not answered");
          usleep(50);
        }
        if (token == 0) givenUp.emplace_back(number, model.id);
      }
      if (token > 0) {
        if (static_cast<uint64_t>(token) <= before) note(model, "a token that was not greater");
        use(taker, random, model, {model.id, static_cast<uint64_t>(token)}, exclusive, frame,
            maxHold != 0);
      } else if (token != 0 && token != kBusy && !model.ending) {
        note(model, "refused " + std::to_string(token));
      }
    }
    // Whatever was given up is in the worker's hands, or is answered in time.
    for (int i = 0; i < 50; i++) {
      releaseGivenUp();
      usleep(1'000);
    }
  }
  void use(Leases& taker, Random& random, Model& model, const LeaseName& name, bool exclusive,
           bool frame, bool expires) {
    leases++;
    for (uint64_t last = model.lastToken;
         last < name.token && !model.lastToken.compare_exchange_weak(last, name.token);) {
    }
    if (!expires && !model.ending) {
      if (model.held != 0) note(model, "let in beside a holder");
      if (exclusive && model.sharers != 0) note(model, "let in beside sharers");
    }
    if (exclusive && !expires) model.held = name.token;
    if (!exclusive && !expires) model.sharers++;
    int fd = -1;
    uint64_t inode = 0;
    // An exclusive lease that expires with a duplicate out ends its connection.
    if (!(exclusive && expires) && oneIn(random, 4)) taker.duplicate(name, fd, inode);
    if (oneIn(random, 2)) usleep(random() % 2'000);
    if (exclusive && !expires) {
      if (model.kind == Kind::ws && oneIn(random, 2)) write(taker, random, model, name);
      // Where it began inside a message, that is not the holder's to read.
      if (readers_ && (frame || model.kind == Kind::raw) && oneIn(random, 2)) {
        read(taker, model, name);
      }
    }
    if (exclusive && !expires) model.held = 0;
    if (!exclusive && !expires) model.sharers--;
    const Leases::Outcome outcome = taker.release(name, fd);
    if (!outcome && !expires && !model.ending) note(model, "was not held on release");
    if (fd >= 0) taker.closeDuplicate(name.id, fd, inode);
  }
  // Writes a message, all of it. False: the lease is over.
  bool write(Leases& taker, Random& random, Model& model, const LeaseName& name) {
    const std::string text = messageOf('h', model.sentPeerHeld, randomSize(random));
    const Octets bytes = LeaseBed::toPeer({0x82, text});
    for (size_t at = 0; at < bytes.size();) {
      IoResult result{IoResult::Status::again};
      const auto outcome =
          model.tls ? taker.writeTls(name, bytes.data() + at, bytes.size() - at, result)
                    : taker.writeSocket(name, bytes.data() + at, bytes.size() - at, result);
      if (!outcome) return false;
      if (result.status == IoResult::Status::again) usleep(100);
      at += result.bytes;
    }
    model.sentPeerHeldNow = ++model.sentPeerHeld;
    return true;
  }
  // Reads a message, all of it, or what there is of a raw stream.
  void read(Leases& taker, Model& model, const LeaseName& name) {
    std::string got;
    const auto more = [&](size_t size, bool waits) {
      Octets buffer(size);
      for (size_t at = 0; at < size;) {
        IoResult result{IoResult::Status::again};
        const auto outcome = model.tls
                                 ? taker.readTls(name, buffer.data() + at, size - at, result)
                                 : taker.readSocket(name, buffer.data() + at, size - at, result);
        if (!outcome) return false;
        if (result.status == IoResult::Status::again) {
          if (!waits) return false;
          usleep(100);
        }
        at += result.bytes;
        got.append(reinterpret_cast<const char*>(buffer.data() + at - result.bytes), result.bytes);
        waits = waits || (result.bytes > 0 && model.kind == Kind::ws);
      }
      return true;
    };
    if (model.kind == Kind::raw) {
      more(3'000, false);
      if (!got.empty()) this->got(model, got, "a holder");
      return;
    }
    if (!more(2, false)) return;
    const auto byte = [&](size_t at) { return static_cast<uint8_t>(got[at]); };
    size_t size = byte(1);
    if (byte(0) != 0x82) return note(model, "a holder read what is no frame's beginning");
    if (size == 126) {
      if (!more(2, true)) return;
      size = static_cast<size_t>(byte(2) << 8 | byte(3));
    }
    const size_t header = got.size();
    if (more(size, true)) this->got(model, got.substr(header), "a holder");
  }

  static constexpr size_t kModels = 6;

  const bool readers_;
  Random random_;
  Model models_[kModels];
  LeaseBed bed_;
  Side main_{*this};
  Side handler_{*this};
  std::atomic<uint32_t> requests_{0};
  std::atomic<bool> stopRequesters_{false};
  std::atomic<bool> stopSending_{false};
  std::atomic<bool> stopPeers_{false};
  std::atomic<bool> stopWorker_{false};
  std::atomic<bool> revoke_{false};
  std::mutex commandsMutex_;
  std::vector<Octets> commands_;  // guarded by commandsMutex_
  std::mutex wrongMutex_;
  std::string wrong_;  // guarded by wrongMutex_
};

}  // namespace

TEST_CASE("lease random: many threads, leases of all kinds, and nothing gets lost between them") {
  const uint64_t base = seed();
  const auto begun = std::chrono::steady_clock::now();
  const std::chrono::duration<double> limit(seconds(2));
  size_t worlds = 0;
  size_t leases = 0;
  size_t waited = 0;
  uint64_t messages = 0;
  do {
    const uint64_t worldSeed = base + worlds++;
    World world(worldSeed);
    const std::string wrong = world.run(0.3);
    leases += world.leases;
    waited += world.waited;
    messages += world.messages;
    INFO("LWSPOOL_TEST_SEED=", worldSeed);
    REQUIRE_EQ(wrong, "");
  } while (std::chrono::steady_clock::now() - begun < limit);
  MESSAGE(worlds, " worlds, ", leases, " leases, ", waited, " waited for, ", messages, " messages");
}
