// All that the worker keeps of one connection. Worker thread only.
#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../base/fields.h"
#include "../base/out_buffer.h"
#include "../channel/endpoint.h"
#include "../channel/record.h"
#include "../channel/slot_table.h"
#include "../stats/figures.h"
#include "../ws/frame_decoder.h"
#include "../ws/request_parser.h"
#include "../ws/response_body.h"
#include "../ws/response_parser.h"
#include "event_sink.h"
#include "unread.h"

struct lws;

namespace lwspool {

enum class Phase : uint8_t {
  free,     // the slot is nobody's, or its closed event is on its way
  queued,   // waits for its place in the window of handshakes
  opening,  // libwebsockets is at it, and then the HTTP upgrade
  open,
  closing,  // a close frame or a FIN went out or came in, or it failed; still connected
  dying     // given back to libwebsockets to be closed
};

// How far an attempt got.
enum class Reached : uint8_t { nothing, tcp, request, answer };

// What is needed while a connection is being opened, and not after.
struct Opening {
  size_t nextAddress = 0;
  uint64_t deadline = 0;         // ms; 0 before it left the queue
  uint64_t attemptDeadline = 0;  // ms; 0: this is the last address
  std::string attempts;          // what each failed with, for the error
  ErrorInfo error;               // of the attempt that just failed
  bool mayTryNext = false;       // it failed before TCP stood
  bool cancelled = false;
  bool inWindow = false;      // counts as an attempt under way
  bool abandoned = false;     // the connector was told: attemptOver() is on its way
  bool waiting = false;       // for its next attempt: the connector has nothing of it
  bool repeated = false;      // the diagnosis found nothing wrong
  bool watched = false;       // the poller has its descriptor, see PollSet::watch()
  uint64_t watchedSince = 0;  // what was reported before is of another: see PollSet::concerns()
  bool stands = false;        // libwebsockets is done with it: to be taken over
  bool putOff = false;        // by a BIO: Connector::resume() comes
  std::vector<std::string> secrets;  // TLS: lines of the key log, for who asked for them
  uint32_t tickets = 0;              // TLS: sessions that the server has given us
  bool resuming = false;             // TLS: a session was offered, and not refused yet
  Reached reached = Reached::nothing;
  std::string address;
  std::string localAddress;
  // ws
  std::string key;
  bool upgrading = false;                // libwebsockets is done: the poller has the descriptor
  OutBuffer request;                     // what is left of it to be sent
  ws::ResponseParser answer;             // its head
  uint32_t interim = 0;                  // answers that came before it
  std::optional<ws::ResponseBody> body;  // of one other than 101
  std::string protocol;
  std::string headers;  // of the answer, where the endpoint keeps them
  std::string early;    // bytes that came with the server's answer
  bool drained =
      false;  // behind it, or behind what libwebsockets read, the kernel had nothing more
};

struct CloseInfo {
  uint16_t code = 1006;  // what the closed event will say
  std::string reason;
  ErrorInfo error;
  uint64_t unsent = 0;  // bytes, when closeTimeout began to run
  bool left = false;    // the kernel has all that was to be sent
};

struct Mark {
  uint64_t position;  // of all bytes ever queued
  uint32_t number;
  EventSink* asker;
};

// A request for a lease that has to wait.
struct LeaseRequest {
  uint32_t request;  // its number, which the answer bears
  Source side;
  bool exclusive;
  bool frame;
  uint64_t maxHold;  // ms; 0: for ever
  bool barred = false;
  uint64_t barrier = 0;  // of all bytes ever queued: the lease begins behind these
};

// What one side has asked to be written, see LedgerEntry::written.
struct Output {
  uint32_t commands = 0;  // of all time
  uint64_t position = 0;  // queuedBytes behind the last of them
};

// A ping whose pong is awaited.
struct SentPing {
  double at;  // preciseNow()
  std::string payload;
};

struct Connection {
  explicit Connection(ConnectionId name) : id(name) {}

  ConnectionId id;
  uint32_t group = 0;
  int fd = -1;
  SSL* ssl = nullptr;
  lws* wsi = nullptr;

  Phase phase = Phase::free;
  bool dirty = false;       // in the list of those to be flushed
  bool wantWrite = false;   // something waits for room in the kernel
  bool full = false;        // the kernel has just not taken what flush() was to write
  bool paused = false;      // by its user
  bool stalled = false;     // what it gave its consumer waits there, see backpressure.h
  bool listed = false;      // in the list of those that go on once the consumer has come further
  bool watched = false;     // the poller was last asked to tell of input
  bool endTold = false;     // of an end, which nobody has read yet
  bool dropping = false;    // closing, and nobody takes what comes: it is thrown away
  bool parked = false;      // not in the poll set: leased
  bool inputEnded = false;  // the peer will send nothing more
  bool discard = false;     // what still arrives is thrown away
  bool closeSent = false;   // the close frame is queued or sent
  bool closeReceived = false;
  bool endAfterFlush = false;  // FIN once everything is written
  bool finSent = false;
  bool wasOpen = false;       // opened() was told
  bool toBeRead = false;      // in the list of those that OpenSSL holds bytes of
  bool keepsBuffers = false;  // of OpenSSL, see tls_buffers.h
  bool backedOff = false;  // a BIO puts it off: it is tried again by the clock, not by the poller

  EventSink* sink = nullptr;   // messages
  EventSink* owner = nullptr;  // opened, failed, closed; may be the same
  Unread unread;               // by the consumer
  LedgerEntry* ledger = nullptr;
  ConnectionFigures* figures = nullptr;  // null where nothing is counted
  LeaseCell* cell = nullptr;
  uint32_t guards = 0;               // that lie inside each other, see ConnectionGuard
  FlightRecorder* flight = nullptr;  // the cell's; null: nothing is recorded. See flight_note.h

  std::optional<ws::FrameDecoder> decoder;     // ws, once open
  std::unique_ptr<ws::RequestParser> request;  // of one that came in, until its upgrade is done
  OutBuffer out;
  std::optional<int> failedWrite;  // the errno of one that flush() is to tell of; 0: TLS has ended
  uint64_t queuedBytes = 0;        // of all time
  uint64_t flushedBytes = 0;       // of those, taken by the kernel
  Output outputs[2];               // by Source
  uint64_t pongPosition = 0;       // queuedBytes behind our last pong
  uint64_t deadline = 0;           // ms: when timer() is wanted; 0: never
  std::unique_ptr<std::string> unanswered;  // the last ping, while our pong to another is queued

  std::shared_ptr<const Endpoint> endpoint;
  std::unique_ptr<Opening> opening;
  std::unique_ptr<CloseInfo> closeInfo;
  std::unique_ptr<std::deque<Mark>> marks;
  std::unique_ptr<std::deque<SentPing>> pings;
  std::unique_ptr<std::deque<LeaseRequest>> leaseRequests;  // for leases; also counted in the cell

  void enter(Phase next) {
    phase = next;
    if (figures != nullptr) set(figures->state, static_cast<double>(next));
  }
  // The time of something that happens once.
  void reached(Figure ConnectionFigures::* what) {
    if (figures != nullptr) set(figures->*what, preciseNow());
  }
  // libwebsockets is done with opening it, and the HTTP upgrade is not.
  bool upgrading() const { return opening && opening->upgrading; }
  bool established() const { return phase == Phase::open || phase == Phase::closing; }
  // Once it is closing, what the peer says to that is read even where nobody takes the rest.
  bool wantsInput() const {
    return !inputEnded && !backedOff &&
           (discard || ((!paused || phase == Phase::closing) && (!stalled || listed)));
  }
  bool reads() const { return established() && !parked && wantsInput() && (discard || !stalled); }
  // The poller tells of room whether it is wanted or not, for the life of the connection: with TCP
  // the kernel says so only where a send has failed for want of it. A Unix socket has room anew
  // with each message that its peer reads.
  bool tellsOfRoom() const { return endpoint->unixPath.empty(); }
  bool polledForRoom() const { return wantWrite || tellsOfRoom(); }
  // Its user may send.
  bool sends() const { return phase == Phase::open && !request && !endAfterFlush; }
  Kind kind() const { return endpoint->kind; }
  CloseInfo& closing() {
    if (!closeInfo) closeInfo = std::make_unique<CloseInfo>();
    return *closeInfo;
  }
};

}  // namespace lwspool
