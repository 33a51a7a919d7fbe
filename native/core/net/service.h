// A worker's connections and the turn of the loop in which they are served. Everything here runs
// on the worker's thread; other threads reach it through the Channel.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <new>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "../base/clock.h"
#include "../base/fields.h"
#include "../channel/channel.h"
#include "../io/transport.h"
#include "../poll/make_poller.h"
#include "../stats/figures.h"
#include "../ws/frame.h"
#include "../ws/mask.h"
#include "connection.h"
#include "connector.h"
#include "counting_sink.h"
#include "handshakes.h"
#include "timers.h"

namespace lwspool {

namespace bio {
class Chain;
}

// Who runs the service: an event loop.
class Host {
 public:
  virtual ~Host() = default;
  // Asks for another turn soon. Worker thread.
  virtual void wake() = 0;
  // Asks for timer() at that time (ms, monotonicNow()).
  virtual void setTimer(uint64_t deadline) = 0;
  // Hands what the worker's own JavaScript consumes over to it, if there is anything. What comes up
  // while it does so is for another turn, which it asks for.
  virtual void deliver() = 0;
};

class Service final : public HandshakeHost {
 public:
  // Throws std::runtime_error where the kernel has no such poller.
  Service(Channel& channel, Host& host, uint32_t handshakesInFlight, PollerKind poller);
  ~Service() override;
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Before the first turn.
  void use(Connector& connector, EventSink& main, EventSink& handler);
  // What happens on connections is recorded from now on. Before the first connection.
  void recordFlights(const FlightPlan& plan) { flights_ = plan; }

  // The loop's calls.
  void poll();          // pollDescriptor() is readable
  void takeCommands();  // the channel has something
  void timer();         // setTimer()'s time has come
  void finishTurn();    // nothing else is ready: write, close, deliver
  int pollDescriptor() const { return poller_->descriptor(); }

  // Commands.
  void connect(ConnectCommand&&);
  // Carries out records; whatever does not name a living connection is dropped.
  void apply(const uint8_t* records, size_t size, Source);
  void apply(const Record&, const uint8_t* payload, Source);
  void sentTooLate(const Record&);
  void send(Connection&, ws::Opcode, const uint8_t* data, size_t size);
  void close(Connection&, uint16_t code, std::string_view reason);
  void terminate(Connection&);
  // Raw: FIN after all that was sent before; once the peer has ended too, it is over.
  void end(Connection&);
  // Gives up what the handlers have begun for a group and is not open yet.
  void abandon(uint32_t group);
  // From now on the messages of a group's connections are counted, and go to its handlers only if
  // they are wanted. Before the group's first connection.
  void countMessages(uint32_t group, bool wanted);
  // After the group's last connection.
  void stopCounting(uint32_t group) { counters_.erase(group); }
  // nullptr: nobody counts.
  const CountingSink* counter(uint32_t group) const;
  // Stops reading, or goes on.
  void pause(Connection&, bool paused);
  // flushed() is wanted once all that was sent so far has been taken by the kernel.
  void mark(Connection&, uint32_t number, EventSink& asker);
  // Ends a connection because of what its peer or its handler did.
  void fail(Connection&, uint16_t code, ErrorInfo);
  // Writes what can be written now, not at the end of the turn.
  void flushNow(ConnectionId);
  // The consumer has room again.
  void resumeStalled();
  // Reads TCP_INFO of up to so many connections, from that slot on, into figures that others see.
  // Answers where to go on; 0: those were the last. A connection that is leased exclusively is left
  // out, and keeps what was read before.
  uint32_t sampleTcp(uint32_t from, uint32_t count, bool unread);
  // Ends all leases, and recording; before connections go without being closed.
  void revokeAll();

  // From the connector and the handshakes.
  // A descriptor that is to be opened, or was taken in: the poller tells Connector::serve() of it
  // until connected() or accepted(), and the service from then on. 0 or an errno.
  int watch(Connection&, int fd);
  // The same for a socket that listens; `fresh`: for the first time. Told once, until it is called
  // again.
  int watchListener(int fd, uint32_t number, bool fresh);
  // Has what is ready be reported again, though it was reported before.
  void lookAgain(Connection&);
  // TCP stands, and TLS where there is some. `requested`: the opening request is sent already.
  // `more`: the kernel may have bytes that were reported before.
  void connected(Connection&, int fd, SSL* ssl, bool requested, bool more = false);
  // An attempt is given up: the poller forgets it. `closed`: its descriptor is closed already.
  void disconnect(Connection&, bool closed);
  void disconnect(Connection& connection) override { disconnect(connection, false); }
  void established(Connection&, int fd, SSL* ssl);
  void failed(Connection&) override;
  void destroyed(Connection&);
  // A BIO puts off a connection that libwebsockets is opening: Connector::resume() comes in time.
  void backOffOpening(Connection&, bio::Chain&);
  // A connection that came in: its slot. Null: no room.
  Connection* adopt(std::shared_ptr<const Endpoint>, EventSink&);
  // It stands, TLS and all; a ws client's request is read next. `more`: as in connected().
  void accepted(Connection&, int fd, SSL* ssl, bool more = false);

  Connection* find(ConnectionId) override;
  // Wants timer() for this connection at that time; 0: not any more.
  void arm(Connection&, uint64_t deadline) override;
  // Not that of the turn: libwebsockets calls back before one begins, and the last one may be long
  // ago.
  static uint64_t now() { return monotonicNow(); }
  Connector& connector() override { return *connector_; }
  void wake() override { host_.wake(); }
  Handshakes& handshakes() { return handshakes_; }
  Channel& channel() { return channel_; }
  Host& host() { return host_; }
  template <class Visit>
  void forEach(Visit visit) {
    for (Connection& connection : connections_) {
      if (connection.phase != Phase::free) visit(connection);
    }
  }

 private:
  friend struct DecodedFrames;

  // After a failure the peer gets this long to read what we say of it: closing at once could make
  // the kernel answer its next bytes with a reset that overtakes it. Milliseconds.
  static constexpr uint64_t kLinger = 1000;
  // How often one connection is read before others have their turn again.
  static constexpr int kReads = 4;
  // What is read at once where little may wait for the consumer: what TLS has in one record.
  static constexpr size_t kSmallRead = 16 * 1024;

  Connection& slot(ConnectionId);
  void record(Connection&);
  void endRecord(Connection&, ErrorInfo&);
  void markDirty(Connection&);
  void sendFrame(Connection&, ws::Opcode, const uint8_t* data, size_t size);
  bool writesAtOnce(const Connection&) const;
  void sendLarge(Connection&, ws::Opcode, const uint8_t* data, size_t size);
  void writeAtOnce(Connection&, const uint8_t* data, size_t size, size_t following);
  void sendClose(Connection&, uint16_t code, std::string_view reason);
  void request(Connection&, uint8_t* data, size_t size);
  void ping(Connection&, const uint8_t* data, size_t size);  // a peer's: answered
  void pong(Connection&, const uint8_t* data, size_t size);
  void readable(Connection&, bool ended = false);
  enum class Read : uint8_t { nothing, drained, some, filled };
  Read readOn(Connection&);
  Read readOnce(Connection&);
  void payloadPlaced(Connection&, size_t);
  void readLater(Connection&);
  void readPending();
  void input(Connection&, uint8_t* data, size_t size);
  void inputEnded(Connection&, const IoResult&);
  void lost(Connection&, const char* what, int error);
  void outOfMemory(Connection&);
  // What one connection needs more memory for than there is ends that one. Anything else that is
  // thrown for want of memory ends the service, see Barrier.
  template <class Run>
  void whileMemoryLasts(Connection& connection, Run run) {
    try {
      run();
    } catch (const std::bad_alloc&) {
      outOfMemory(connection);
    }
  }
  void peerClosed(Connection&, uint16_t code, std::string_view reason);
  bool isOut(Connection&);
  void noteOutput(Connection&, Source);
  void noteWritten(Connection&);
  void sendTogether();
  void prepareSend(Connection&);
  void flush(Connection&);
  void writeFailed(Connection&, int error);
  void flushed(Connection&);
  void updateInterest(Connection&);
  int watchOn(Connection&, bool anew);
  void inputWanted(Connection&);
  void discardInput(Connection&);
  void inputStopped(Connection&);
  void beginClosing(Connection&, uint64_t timeout);
  void lastLeft(Connection&);
  uint64_t unsentOf(Connection&);
  void closeExpired(Connection&);

  // What waits for its consumer, in service_unread.cc.
  enum class Stall : uint8_t { none, log, held, dropped };
  Stall stallOf(Connection&);
  bool holdBack(Connection&);
  void reconsider(Connection&);
  void list(Connection&);
  void finish(Connection&);
  void refuseInput(Connection&, const ws::Failure&);

  // Figures, in service_figures.cc. Nothing where nothing is counted.
  void begin(Connection&, std::shared_ptr<const Endpoint>);
  void countOpened(const Connection&);
  void countClosed(uint16_t code);
  void countRead(Connection&, size_t bytes);
  void countReceived(Connection&, size_t messages);
  void countWritten(Connection&, size_t bytes);
  void countSent(Connection&);
  void countUnsent(Connection&);
  void countDiscarded(Connection&, size_t messages);
  void countPing(Connection&, const uint8_t* data, size_t size);
  void countPong(Connection&, const uint8_t* data, size_t size);
  void turnBegins();
  void turnEnds();

  // The HTTP upgrade, in service_upgrade.cc.
  void upgrade(Connection&, bool readable, bool writable, bool ended);
  void sendRequest(Connection&);
  void readAnswer(Connection&, bool more);
  void answer(Connection&, uint8_t* data, size_t size);
  void switched(Connection&, uint8_t* data, size_t size);
  void answerEnded(Connection&, const IoResult&);

  // What OpenSSL keeps, in service_buffers.cc.
  void keepBuffers(Connection&);
  void giveBackBuffers();

  // BIOs, in service_bio.cc.
  void backOff(Connection&, bio::Chain&);
  void retryBackedOff();
  void warn(Connection&);

  // Leases, in service_lease.cc.
  void makeLeasable(Connection&);
  void park(Connection&);
  void requestLease(Connection&, LeaseRequest);
  void cancelRequest(Connection&, uint32_t request, Source);
  void refuse(Connection&, const LeaseRequest&, Refusal);
  void grantRequests(Connection&);
  bool standsFor(Connection&, LeaseRequest&);
  size_t writable(const Connection&) const;
  size_t readableAtOnce(const Connection&) const;
  void leaseNews(ConnectionId);
  void leaseReturn(const LeaseReturn&);
  void applyVerdict(Connection&, const Verdict&);
  void resumePolling(Connection&);
  void forget(Connection&);
  void revoke(Connection&);
  void endDuplicates(Connection&);
  void expireLeases();
  void expire(Connection&);
  EventSink& sinkOf(Source side) { return side == Source::main ? *main_ : *handler_; }

  Channel& channel_;
  Host& host_;
  Connector* connector_ = nullptr;
  EventSink* main_ = nullptr;
  EventSink* handler_ = nullptr;
  std::unordered_map<uint32_t, CountingSink> counters_;  // by group; an element never moves
  WorkerFigures* const figures_;                         // null where nothing is counted
  double turnBegan_ = 0;                                 // preciseNow(); 0: none is under way
  size_t events_ = 0;                                    // of this turn
  uint64_t looks_ = 0;                                   // at what the poller has
  const std::unique_ptr<Poller> poller_;
  Handshakes handshakes_;
  Timers timers_;
  Timers leaseTimers_;
  Timers bioTimers_;
  ws::MaskSource masks_;
  FlightPlan flights_;
  uint64_t now_;
  uint64_t clock_ = 0;  // flightClock() when the turn began, or JavaScript last had its own
  bool inTurn_ = false;
  size_t taken_ = 0;  // bytes read since the last turn ended

  std::deque<Connection> connections_;  // by slot; an element never moves
  std::vector<Connection*> dirty_;
  std::vector<Connection*> flushing_;  // dirty_ while it is worked off; kept for its memory
  std::vector<Poller::Send> sends_;    // of one call, and whose they are
  std::vector<Connection*> senders_;
  std::vector<Connection*> finished_;
  std::vector<ConnectionId> stalled_;
  std::vector<ConnectionId> toBeRead_;  // OpenSSL holds bytes of theirs
  std::vector<ConnectionId> buffered_;  // they keep OpenSSL's buffers
  uint64_t buffersUntil_ = 0;           // 0: none does
  std::vector<uint8_t> buffer_;         // for reading, all connections in turn
  // Of large messages on their way out; empty before the first. Where a store reaches into a second
  // line of the cache masking takes half as long again.
  struct alignas(64) Line {
    uint8_t bytes[64];
  };
  std::vector<Line> pieces_;
};

}  // namespace lwspool
