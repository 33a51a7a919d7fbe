// Who gets what arrives on a connection, and what becomes of it. Called on the worker's thread,
// in the middle of a turn: implementations note or answer, and never block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "../base/fields.h"
#include "../ws/bytes.h"
#include "../ws/frame.h"

namespace lwspool {

class Connection;

class EventSink {
 public:
  virtual ~EventSink() = default;

  // Exactly one of opened() and failed(); after opened(), exactly one closed(), as the last call.
  virtual void opened(Connection&, const Fields& facts) = 0;
  virtual void failed(Connection&, const ErrorInfo&) = 0;
  virtual void closed(Connection&, uint16_t code, std::string_view reason, const ErrorInfo&) = 0;

  // ws. The bytes are valid during the call; the second form hands them over, if they are taken.
  virtual void message(Connection&, ws::Opcode, const uint8_t* data, size_t size) = 0;
  virtual void message(Connection&, ws::Opcode, ws::Bytes&& data) = 0;
  virtual void ping(Connection&, const uint8_t* data, size_t size) = 0;
  virtual void pong(Connection&, const uint8_t* data, size_t size) = 0;
  // raw
  virtual void data(Connection&, const uint8_t* data, size_t size) = 0;
  virtual void ended(Connection&) = 0;

  // The kernel has taken all that was sent before the mark was set.
  virtual void flushed(Connection&, uint32_t mark) = 0;
  // A message for every connection of a group, from the main thread. Flags: binary, plain.
  virtual void broadcast(uint32_t /*group*/, uint16_t /*flags*/, const uint8_t*, size_t) {}
  // A lease that was asked for with that number: its token, or why not (a Refusal).
  virtual void leased(Connection&, uint32_t /*request*/, double /*tokenOrRefusal*/) {}
  virtual void leaseExpired(Connection&, double /*token*/) {}
  // Something that the user should know of and that ends nothing: a name, and what happened.
  virtual void warned(Connection&, const char* /*code*/, std::string_view /*text*/) {}
  // A line of the key log (TLS), without its end; after opened().
  virtual void keylog(Connection&, std::string_view /*line*/) {}
  // What it was given piles up: nothing more is read for it until Service::resumeStalled(), which
  // whoever says so here sees to. Asked before each read.
  virtual bool congested() { return false; }
  // How far it has come in what all connections gave it, and how much that is: bytes of any kind.
  struct Progress {
    uint64_t taken = 0;
    uint64_t given = 0;
  };
  virtual Progress progress() const { return {}; }
  // It is waited for to have taken that much, as it is where it is congested. False: it has.
  virtual bool awaitTaken(uint64_t /*bytes*/) { return false; }
};

}  // namespace lwspool
