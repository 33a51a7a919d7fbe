// All that the worker keeps of one connection: what it is, and a state for each part of serving it.
// Worker thread only.
#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "../channel/endpoint.h"
#include "../channel/record.h"
#include "../channel/slot_table.h"
#include "../stats/figures.h"
#include "../ws/frame_decoder.h"
#include "../ws/request_parser.h"
#include "close_state.h"
#include "event_sink.h"
#include "input_state.h"
#include "lease_state.h"
#include "opening.h"
#include "output_state.h"
#include "poll_state.h"
#include "unfinished_message.h"

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

// A ping whose pong is awaited.
struct SentPing {
  double at;  // preciseNow()
  std::string payload;
};

class Connection {
 public:
  explicit Connection(ConnectionId name) : id(name) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const ConnectionId id;

 private:
  // Side by side, for the sake of each connection's memory.
  uint32_t group_ = 0;
  int fd_ = -1;
  Phase phase_ = Phase::free;
  bool wasOpen_ = false;

 public:
  PollState polling;
  InputState input;
  OutputState output;
  CloseState ending;
  LeaseState leases;
  std::unique_ptr<Opening> opening;
  std::unique_ptr<ws::Extension> extension;  // outlives the decoder
  std::optional<ws::FrameDecoder> decoder;   // ws, once open
  std::unique_ptr<UnfinishedMessage>
      unfinished;                              // that is sent in fragments, and what waits for it
  std::unique_ptr<ws::RequestParser> request;  // of one that came in, until its upgrade is done
  std::unique_ptr<std::deque<SentPing>> pings;

  // --- what it is

  void place(LedgerEntry* ledger, LeaseCell* cell, ConnectionFigures* figures) {
    ledger_ = ledger;
    cell_ = cell;
    figures_ = figures;
  }
  void aim(std::shared_ptr<const Endpoint> endpoint) { endpoint_ = std::move(endpoint); }
  // The owner is told of its beginning and its end, the sink of what arrives; they may be the same.
  void belongTo(uint32_t group, EventSink& owner, EventSink& sink) {
    group_ = group;
    owner_ = &owner;
    sink_ = &sink;
  }
  const Endpoint* endpoint() const { return endpoint_.get(); }
  Kind kind() const { return endpoint_->kind; }
  uint32_t group() const { return group_; }
  EventSink* owner() const { return owner_; }
  EventSink* sink() const { return sink_; }
  LedgerEntry* ledger() const { return ledger_; }
  LeaseCell* cell() const { return cell_; }
  // Null where nothing is counted.
  ConnectionFigures* figures() const { return figures_; }
  // The time of something that happens once.
  void reached(Figure ConnectionFigures::* what) {
    if (figures_ != nullptr) set(figures_->*what, preciseNow());
  }
  // The cell's; null: nothing is recorded. See flight_note.h.
  FlightRecorder* flight() const { return flight_; }
  void beginFlight(FlightRecorder* flight) { flight_ = flight; }
  // Returns whether anything was recorded.
  bool endFlight() { return std::exchange(flight_, nullptr) != nullptr; }

  // --- what it is made of

  int fd() const { return fd_; }
  SSL* ssl() const { return ssl_; }
  lws* wsi() const { return wsi_; }
  void setFd(int fd) { fd_ = fd; }
  void setSsl(SSL* ssl) { ssl_ = ssl; }
  void setWsi(lws* wsi) { wsi_ = wsi; }

  // --- where it stands

  Phase phase() const { return phase_; }
  void enter(Phase next) {
    phase_ = next;
    if (figures_ != nullptr) set(figures_->state, static_cast<double>(next));
  }
  // It is told that it is open.
  void noteOpen() {
    wasOpen_ = true;
    reached(&ConnectionFigures::opened);
  }
  bool wasOpen() const { return wasOpen_; }
  // Nothing is left of what it was made of.
  void release() {
    enter(Phase::free);
    fd_ = -1;
    ssl_ = nullptr;
  }
  // After its end was told.
  void forget() {
    ending.forgetInfo();
    output.dropMarks();
    unfinished.reset();
    decoder.reset();
    extension.reset();
    endpoint_.reset();
  }
  // When timer() is wanted, in ms; 0: never. Kept by Deadlines.
  uint64_t deadline() const { return deadline_; }
  void setDeadline(uint64_t deadline) { deadline_ = deadline; }

  // libwebsockets is done with opening it, and the HTTP upgrade is not.
  bool upgrading() const { return opening && opening->upgrading; }
  bool established() const { return phase_ == Phase::open || phase_ == Phase::closing; }
  bool wantsInput() const { return !polling.backedOff() && input.wanted(phase_ == Phase::closing); }
  bool reads() const { return established() && !polling.parked() && wantsInput() && input.flows(); }
  // The poller tells of room whether it is wanted or not, for the life of the connection: with TCP
  // the kernel says so only where a send has failed for want of it. A Unix socket has room anew
  // with each message that its peer reads.
  bool tellsOfRoom() const { return endpoint_->unixPath.empty(); }
  bool polledForRoom() const { return polling.wantsRoom() || tellsOfRoom(); }
  // Its decoder has more than it was to decode in one go.
  bool suspended() const { return decoder && !input.discards() && decoder->suspended(); }
  // Not written yet: what is queued, and what waits for the end of an unfinished message. Bytes.
  size_t waiting() const {
    return output.queue.size() + (unfinished ? unfinished->waitingBytes : 0);
  }
  // Its user may send.
  bool sends() const { return phase_ == Phase::open && !request && !ending.endsAfterFlush(); }

 private:
  SSL* ssl_ = nullptr;
  lws* wsi_ = nullptr;
  EventSink* sink_ = nullptr;
  EventSink* owner_ = nullptr;
  LedgerEntry* ledger_ = nullptr;
  ConnectionFigures* figures_ = nullptr;
  LeaseCell* cell_ = nullptr;
  FlightRecorder* flight_ = nullptr;
  uint64_t deadline_ = 0;
  std::shared_ptr<const Endpoint> endpoint_;
};

}  // namespace lwspool
