// A worker's connections and the turn of the loop in which they are served. Service owns the roles
// that do so and conducts the turn; each role has a file of its own. Everything here runs on the
// worker's thread; other threads reach it through the Channel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "../base/clock.h"
#include "../base/fields.h"
#include "../channel/channel.h"
#include "../io/transport.h"
#include "../ws/frame.h"
#include "command_reader.h"
#include "connector.h"
#include "endings.h"
#include "joint_sends.h"
#include "lease_returns.h"
#include "tcp_sample.h"
#include "upgrade.h"

namespace lwspool {

class Service final : public HandshakeHost {
 public:
  // Throws std::runtime_error where the kernel has no such poller.
  Service(Channel& channel, Host& host, uint32_t handshakesInFlight, PollerKind poller);
  ~Service() override;
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Before the first turn.
  void use(Connector& connector, EventSink& main, EventSink& handler) {
    connector_ = &connector;
    sinks_.use(main, handler);
  }
  // What happens on connections is recorded from now on. Before the first connection.
  void recordFlights(const FlightPlan& plan) { flights_.plan(plan); }

  // The loop's calls.
  void poll();          // pollDescriptor() is readable
  void takeCommands();  // the channel has something
  void timer();         // setTimer()'s time has come
  void finishTurn();    // nothing else is ready: write, close, deliver
  // The system call by which the poller is told of descriptors.
  const char* pollCall() { return polls_.poller().syscall(); }
  int pollDescriptor() { return polls_.poller().descriptor(); }

  // Commands: see the role that carries each out.
  void connect(ConnectCommand&&);
  void apply(const uint8_t* records, size_t size, Source source) {
    commands_.apply(records, size, source);
  }
  void apply(const Record& record, const uint8_t* payload, Source source) {
    commands_.apply(record, payload, source);
  }
  void send(Connection& connection, ws::Opcode opcode, const uint8_t* data, size_t size) {
    writer_.send(connection, opcode, data, size);
  }
  void mark(Connection& connection, uint32_t number, EventSink& asker) {
    writer_.mark(connection, number, asker);
  }
  // Writes what can be written now, not at the end of the turn.
  void flushNow(ConnectionId);
  void pause(Connection& connection, bool paused) { reader_.pause(connection, paused); }
  void resumeStalled() { pressure_.resumeStalled(); }
  void close(Connection& connection, uint16_t code, std::string_view reason) {
    closer_.close(connection, code, reason);
  }
  void terminate(Connection& connection) { closer_.terminate(connection); }
  void end(Connection& connection) { closer_.end(connection); }
  void fail(Connection& connection, uint16_t code, ErrorInfo error) {
    closer_.fail(connection, code, std::move(error));
  }
  void abandon(uint32_t group) { closer_.abandon(group); }
  void revokeAll() { closer_.revokeAll(); }
  void countMessages(uint32_t group, bool passOn) { sinks_.countMessages(group, passOn); }
  void stopCounting(uint32_t group) { sinks_.stopCounting(group); }
  const CountingSink* counter(uint32_t group) const { return sinks_.counter(group); }
  uint32_t sampleTcp(uint32_t from, uint32_t count, bool unread) {
    return lwspool::sampleTcp(table_, turn_.channel.slots, from, count, unread);
  }

  // From the connector and the handshakes: see PollSet, Upgrade, Acceptor and Endings.
  int watch(Connection& connection, int fd) { return polls_.watch(connection, fd); }
  void describePollError(int error, ErrorInfo& info) const { polls_.describe(error, info); }
  int watchListener(int fd, uint32_t number, bool fresh) {
    return polls_.watchListener(fd, number, fresh);
  }
  void lookAgain(Connection& connection) { polls_.lookAgain(connection); }
  void connected(Connection& connection, int fd, SSL* ssl, bool requested, bool more = false) {
    upgrade_.connected(connection, fd, ssl, requested, more);
  }
  void established(Connection& connection, int fd, SSL* ssl) {
    establisher_.established(connection, fd, ssl);
  }
  void disconnect(Connection& connection, bool closed) { upgrade_.disconnect(connection, closed); }
  void disconnect(Connection& connection) override { disconnect(connection, false); }
  void failed(Connection& connection) override { endings_.failed(connection); }
  void destroyed(Connection& connection) { endings_.destroyed(connection); }
  // A BIO puts off a connection that libwebsockets is opening: Connector::resume() comes in time.
  void backOffOpening(Connection& connection, bio::Chain& chain) {
    delays_.backOffOpening(connection, chain);
  }
  Connection* adopt(std::shared_ptr<const Endpoint> endpoint, EventSink& sink) {
    return acceptor_.adopt(std::move(endpoint), sink);
  }
  void accepted(Connection& connection, int fd, SSL* ssl, bool more = false) {
    acceptor_.accepted(connection, fd, ssl, more);
  }

  Connection* find(ConnectionId id) override { return table_.find(id); }
  // Wants timer() for this connection at that time; 0: not any more.
  void arm(Connection& connection, uint64_t deadline) override {
    deadlines_.arm(connection, deadline);
  }
  // Not that of the turn: libwebsockets calls back before one begins, and the last one may be long
  // ago.
  static uint64_t now() { return monotonicNow(); }
  Connector& connector() override { return *connector_; }
  void wake() override { turn_.host.wake(); }
  Handshakes& handshakes() { return handshakes_; }
  Channel& channel() { return turn_.channel; }
  Host& host() { return turn_.host; }
  template <class Visit>
  void forEach(Visit visit) {
    table_.forEach(visit);
  }

 private:
  void beginTurn();
  void ready(const Poller::Ready&);
  void readPending();
  void retryBackedOff();

  Connector* connector_ = nullptr;
  bool inTurn_ = false;

  // Each knows of those before it.
  Turn turn_;
  Sinks sinks_;
  FlightRecords flights_;
  ws::DeflatePool deflates_;
  ConnectionTable table_;
  Deadlines deadlines_;
  Handshakes handshakes_;
  SendQueue queue_;
  ServiceFigures figures_;
  PollSet polls_;
  PendingReads pending_;
  BioDelays delays_;
  TlsBuffers buffers_;
  LeaseRequests requests_;
  Endings endings_;
  Closer closer_;
  Acceptor acceptor_;
  Backpressure pressure_;
  Reader reader_;
  JointSends joint_;
  Writer writer_;
  LeaseReturns returns_;
  Establisher establisher_;
  Upgrade upgrade_;
  CommandReader commands_;
};

}  // namespace lwspool
