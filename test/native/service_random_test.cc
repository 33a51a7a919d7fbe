// Many connections, random actions on both ends, checked against what has to come of them: each
// message arrives once, whole and in its turn, and each connection opens or fails once and, once
// open, is closed once.
#include <chrono>

#include "service_bed.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

using Random = std::mt19937_64;

bool oneIn(Random& random, uint64_t n) { return random() % n == 0; }

// A message that says which one it is, of any length.
std::string messageOf(uint32_t number, size_t size) {
  std::string text = std::to_string(number) + ":";
  while (text.size() < size) text += static_cast<char>('a' + (number + text.size()) % 26);
  return text;
}

size_t randomSize(Random& random) {
  if (oneIn(random, 60)) return random() % 300'000;
  if (oneIn(random, 6)) return random() % 5'000;
  return random() % 150;
}

// What is known of one connection.
struct Model {
  ConnectionId id;
  Kind kind = Kind::ws;
  bool serverRole = false;
  int opened = 0;
  int failed = 0;
  int closed = 0;
  std::string toUs;    // all messages or bytes the peer has sent, one after the other
  std::string toPeer;  // the same of ours
  size_t gotUs = 0;    // of those, arrived
  size_t gotPeer = 0;
  uint32_t sentUs = 0;
  uint32_t sentPeer = 0;
  uint32_t marksSet = 0;
  uint32_t marksTold = 0;
  bool weEnded = false;     // nothing of ours follows
  bool peerClosed = false;  // nothing of the peer's follows
  bool paused = false;
  bool abrupt = false;  // something may be lost
  std::string end;
};

class World : public EventSink {
 public:
  explicit World(uint64_t seed) : bed(8, this, 64), random(seed) {
    bed.connector.sockets = [this] {
      return oneIn(random, 3) ? unixPair() : tcpPair(oneIn(random, 2) ? 16 * 1024 : 0);
    };
    bed.connector.plan = [this](const Connection&) {
      Attempt attempt;
      const uint64_t pick = random() % 12;
      if (pick == 0) attempt.end = Attempt::End::failsAtOnce;
      if (pick == 1) attempt.end = Attempt::End::failsLater;
      if (pick == 2) attempt.end = Attempt::End::onDemand;
      return attempt;
    };
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Bed bed;
  Random random;
  std::map<uint64_t, Model> models;
  std::string wrong;  // the first thing that was
  bool full = false;
  size_t messages = 0;
  size_t ends = 0;

  // --- what the service tells ---
  Model& of(Connection& connection) {
    Model& model = models.at(keyOf(connection.id));
    if (model.closed + model.failed > 0) note(model, "told after its end");
    return model;
  }
  void note(const Model& model, const std::string& what) {
    if (!wrong.empty()) return;
    wrong = what + ": slot " + std::to_string(model.id.slot) +
            (model.kind == Kind::ws ? ", ws" : ", raw") + (model.serverRole ? " server" : "") +
            (model.weEnded ? ", we ended" : "") + (model.peerClosed ? ", peer closed" : "") +
            ", to us " + std::to_string(model.gotUs) + " of " + std::to_string(model.toUs.size()) +
            ", to the peer " + std::to_string(model.gotPeer) + " of " +
            std::to_string(model.toPeer.size()) + ", " + model.end;
  }
  void opened(Connection& connection, const Fields&) override {
    Model& model = of(connection);
    if (model.opened++ > 0) note(model, "opened twice");
    Peer& peer = bed.connector.peer(model.id);
    if (!model.serverRole) peer.raw = model.kind == Kind::raw;
    const uint64_t key = keyOf(model.id);
    peer.onMessage = [this, key](Opcode, std::string_view text) { peerGot(models.at(key), text); };
  }
  void failed(Connection& connection, const ErrorInfo& error) override {
    Model& model = of(connection);
    model.failed++;
    if (model.opened > 0) note(model, "failed once open");
    if (!error) note(model, "failed without a reason");
    release(connection);
  }
  void closed(Connection& connection, uint16_t code, std::string_view,
              const ErrorInfo& error) override {
    Model& model = of(connection);
    model.end = std::to_string(code) + " " + error.code + " ";
    model.end.append(error.fields.get("syscall")).append(" ").append(error.fields.get("errno"));
    model.closed++;
    ends++;
    if (model.opened == 0) note(model, "closed but never open");
    release(connection);
  }
  void message(Connection& connection, ws::Opcode, const uint8_t* data, size_t size) override {
    Model& model = of(connection);
    if (model.opened == 0) note(model, "a message before it was open");
    messages++;
    take(model, model.toUs, model.gotUs, {reinterpret_cast<const char*>(data), size}, "us");
    // Now and then somebody acts in the middle of it.
    if (oneIn(random, 30)) act(connection);
  }
  void message(Connection& connection, ws::Opcode opcode, ws::Bytes&& data) override {
    const ws::Bytes own = std::move(data);
    message(connection, opcode, own.data(), own.size());
  }
  void data(Connection& connection, const uint8_t* data, size_t size) override {
    message(connection, Opcode::binary, data, size);
  }
  void ping(Connection& connection, const uint8_t*, size_t) override { of(connection); }
  void pong(Connection& connection, const uint8_t*, size_t) override { of(connection); }
  void ended(Connection& connection) override {
    Model& model = of(connection);
    if (!model.abrupt && model.gotUs != model.toUs.size()) note(model, "ended too early");
    end(model);
  }
  void flushed(Connection& connection, uint32_t mark) override {
    Model& model = of(connection);
    if (mark != ++model.marksTold) note(model, "a mark out of its turn");
  }
  bool congested() override { return full; }

  void release(Connection& connection) {
    bed.channel.slots.release(connection.id);
    gone.push_back(connection.id);
  }
  void take(Model& model, const std::string& expected, size_t& got, std::string_view text,
            const char* who) {
    if (std::string_view(expected).substr(got, text.size()) != text) {
      note(model,
           std::string("something else came to ") + who + ": " + std::string(text.substr(0, 40)));
    }
    got += text.size();
  }
  void peerGot(Model& model, std::string_view text) {
    take(model, model.toPeer, model.gotPeer, text, "the peer");
  }

  // --- what is done ---
  void begin() {
    const Kind kind = oneIn(random, 3) ? Kind::raw : Kind::ws;
    bed.connector.tls = oneIn(random, 4);
    if (oneIn(random, 4)) {
      auto to = endpoint(kind, Role::server);
      const auto id = bed.channel.slots.allocate();
      if (!id) return;
      bed.channel.slots.release(*id);  // adopt() will take it under the next generation
      Model& model = models[keyOf({id->slot, id->generation + 1})];
      model.id = {id->slot, id->generation + 1};
      model.kind = kind;
      model.serverRole = true;
      const Connection* connection = bed.connector.arrive(to, *this);
      bed.connector.peer(connection->id).raw = true;  // until its upgrade was answered
      if (kind == Kind::ws) bed.connector.peer(connection->id).write(kUpgrade);
      return;
    }
    auto to = endpoint(kind);
    to->addresses = {"192.0.2.1", "192.0.2.2"};
    to->timeout = 300;
    const auto id = bed.channel.slots.allocate();
    if (!id) return;
    Model& model = models[keyOf(*id)];
    model.id = *id;
    model.kind = kind;
    bed.channel.push(ConnectCommand{*id, to, 0, false});
  }
  void send(Model& model) {
    if (model.weEnded) return;
    const std::string text = messageOf(model.sentPeer++, randomSize(random));
    model.toPeer += text;
    bed.command(Command::send, model.id, text, 0, flag::binary);
  }
  void end(Model& model) {
    model.weEnded = true;
    bed.command(Command::end, model.id);
  }
  void close(Model& model) {
    model.weEnded = true;
    model.abrupt = true;  // raw: what still comes is dropped; ws: and it has a time-out
    bed.command(Command::close, model.id, "", 1000);
  }
  void act(Connection& connection) {
    Model& model = models.at(keyOf(connection.id));
    if (connection.phase() != Phase::open || model.opened == 0) return;
    switch (random() % 24) {
      case 0:
        if (oneIn(random, 4)) close(model);
        break;
      case 1:
        if (oneIn(random, 8)) {
          model.weEnded = model.abrupt = true;
          bed.command(Command::terminate, model.id);
        }
        break;
      case 2:
        if (oneIn(random, 8)) {
          model.weEnded = model.abrupt = true;
          bed.command(Command::fail, model.id);
        }
        break;
      case 3:
      case 4:
        model.paused = !model.paused;
        bed.command(model.paused ? Command::pause : Command::resume, model.id);
        break;
      case 5:
        bed.command(Command::mark, model.id, "", ++model.marksSet);
        break;
      case 6:
        bed.command(Command::ping, model.id, "ping");
        break;
      case 7:
        if (model.kind == Kind::raw && oneIn(random, 4)) end(model);
        break;
      default:
        send(model);
    }
  }
  void actPeer(Model& model) {
    Peer& peer = bed.connector.peer(model.id);
    if (peer.fd() < 0 || model.peerClosed) return;
    switch (random() % 24) {
      case 0:
        if (!oneIn(random, 6)) break;
        model.peerClosed = true;
        if (model.kind == Kind::ws) peer.frame({0x88, closing(1000)});
        if (model.kind == Kind::raw && peer.unwritten() == 0) peer.halfClose();
        if (model.kind == Kind::raw) model.abrupt |= peer.unwritten() > 0;
        break;
      case 1:
        if (!oneIn(random, 10)) break;
        model.peerClosed = model.abrupt = true;
        peer.end();
        break;
      case 2:
        peer.reads = !peer.reads;
        break;
      case 3:
        if (model.kind == Kind::ws) peer.frame({0x89, "p"});
        break;
      default: {
        if (peer.unwritten() > 1 << 20) break;
        const std::string text = messageOf(model.sentUs++, randomSize(random));
        model.toUs += text;
        if (model.kind == Kind::raw) {
          peer.write(text);
        } else if (text.size() > 2 && oneIn(random, 4)) {
          const size_t cut = random() % text.size();
          peer.frame({0x02, text.substr(0, cut)});
          peer.frame({0x80, text.substr(cut)});
        } else {
          peer.frame({0x82, text});
        }
      }
    }
  }
  void pump(Model& model) {
    Peer& peer = bed.connector.peer(model.id);
    peer.pump();
    if (model.serverRole && model.kind == Kind::ws && peer.raw) {
      const size_t head = peer.received.find("\r\n\r\n");
      if (head == std::string::npos) return;
      const std::string rest = peer.received.substr(head + 4);
      peer.received.clear();
      peer.raw = false;
      peer.decode(rest);
    } else if (peer.raw && !peer.received.empty()) {
      peerGot(model, peer.received);
      peer.received.clear();
    }
    peer.events.clear();
    const bool ourEnd = peer.sawEnd || peer.error != 0;
    if (ourEnd && peer.fd() >= 0 && peer.unwritten() == 0) {
      model.peerClosed = true;
      if (model.kind == Kind::raw) peer.halfClose();
    }
  }
  // Whatever both sides have said has arrived, where nobody cut it off.
  void settled(const Model& model) {
    if (model.failed + model.closed != 1) note(model, "not exactly one end");
    if (model.closed == 1 && model.opened != 1) note(model, "closed, not opened once");
    if (model.abrupt || model.failed > 0) return;
    if (model.gotUs != model.toUs.size()) note(model, "not all came to us");
    if (model.gotPeer != model.toPeer.size()) note(model, "not all came to the peer");
  }

  std::vector<ConnectionId> gone;
};

}  // namespace

TEST_CASE(
    "random: connections of all kinds, whatever both ends do: nothing is lost, doubled or late") {
  const uint64_t base = seed();
  const auto begun = std::chrono::steady_clock::now();
  const std::chrono::duration<double> limit(seconds(4));
  size_t worlds = 0;
  size_t connections = 0;
  size_t messages = 0;
  do {
    const uint64_t worldSeed = base + worlds++;
    World world(worldSeed);
    const auto live = [&] {
      std::vector<Model*> out;
      for (auto& [key, model] : world.models) {
        if (model.opened > 0 && model.closed == 0) out.push_back(&model);
      }
      return out;
    };
    for (int step = 0; step < 400 && world.wrong.empty(); step++) {
      if (world.models.size() < 60 && oneIn(world.random, 3)) world.begin();
      for (Model* model : live()) {
        Connection* connection = world.bed.service.find(model->id);
        if (connection != nullptr && oneIn(world.random, 2)) world.act(*connection);
        if (oneIn(world.random, 2)) world.actPeer(*model);
      }
      if (oneIn(world.random, 20)) world.full = !world.full;
      if (!world.full && oneIn(world.random, 2)) world.bed.service.resumeStalled();
      for (int i = 0; i < 2; i++) world.bed.host.turn(world.bed.service, 0);
      for (auto& [key, model] : world.models) {
        if (model.opened > 0 || model.serverRole) world.pump(model);
      }
    }
    // Everybody reads again, says what is left to say, and ends.
    world.full = false;
    for (auto& [key, model] : world.models) {
      if (model.opened > 0 || model.serverRole) world.bed.connector.peer(model.id).reads = true;
    }
    for (Model* model : live()) {
      if (model->paused) world.bed.command(Command::resume, model->id);
      model->paused = false;
    }
    for (auto& [key, model] : world.models) {
      if (model.opened == 0 && model.failed == 0) world.bed.command(Command::terminate, model.id);
    }
    const auto pumpAll = [&] {
      world.bed.service.resumeStalled();
      for (auto& [key, model] : world.models) {
        if (model.opened > 0) world.pump(model);
      }
      for (Model* model : live()) {  // whoever acted in the middle of it
        if (model->paused) world.bed.command(Command::resume, model->id);
        model->paused = false;
      }
    };
    const auto quiet = [&] {
      pumpAll();
      for (Model* model : live()) {
        if (model->abrupt || model->peerClosed || model->weEnded) continue;
        if (model->gotUs != model->toUs.size()) return false;
        if (model->gotPeer != model->toPeer.size()) return false;
      }
      return true;
    };
    if (!world.bed.until(quiet, 20'000)) world.wrong = "something stands still";
    for (Model* model : live()) {
      Peer& peer = world.bed.connector.peer(model->id);
      if (model->peerClosed || peer.fd() < 0) continue;
      model->peerClosed = true;
      if (model->kind == Kind::ws) {
        peer.frame({0x88, closing(1000)});
      } else if (peer.unwritten() == 0) {
        peer.halfClose();
      }
    }
    const auto over = [&] {
      pumpAll();
      for (auto& [key, model] : world.models) {
        if (model.opened == 0 || model.closed > 0) continue;
        Peer& peer = world.bed.connector.peer(model.id);
        // Ends for good once our answer has come.
        if (model.kind == Kind::raw && model.peerClosed && peer.fd() >= 0 &&
            peer.unwritten() == 0) {
          peer.halfClose();
        }
        if (model.kind == Kind::ws && model.peerClosed && peer.fd() >= 0 &&
            model.gotPeer == model.toPeer.size() && peer.unwritten() == 0) {
          const Connection* connection = world.bed.service.find(model.id);
          if (connection == nullptr || connection->ending.received()) peer.halfClose();
        }
      }
      for (auto& [key, model] : world.models) {
        if (model.failed + model.closed == 0) return false;
      }
      return true;
    };
    if (!world.bed.until(over, 20'000) && world.wrong.empty()) world.wrong = "somebody is left";
    for (auto& [key, model] : world.models) {
      if (model.opened > 0) world.pump(model);
      world.settled(model);
    }
    world.bed.settle();
    connections += world.models.size();
    messages += world.messages;
    INFO("LWSPOOL_TEST_SEED=", worldSeed);
    REQUIRE_EQ(world.wrong, "");
  } while (std::chrono::steady_clock::now() - begun < limit);
  MESSAGE(worlds, " worlds, ", connections, " connections, ", messages, " messages");
}
