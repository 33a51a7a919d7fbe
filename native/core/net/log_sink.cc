#include "log_sink.h"

#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "connection.h"

namespace lwspool {

namespace {

// Longer payloads get memory of their own: in a slab they would waste what is left of it, and keep
// all of it alive for as long as JavaScript holds them.
constexpr size_t kInline = 16 * 1024;

uint16_t flagsOf(ws::Opcode opcode) {
  return opcode == ws::Opcode::binary ? flag::binary : uint16_t{0};
}

}  // namespace

void LogSink::copy(Event event, uint16_t flags, const Connection& connection, const uint8_t* data,
                   size_t size) {
  if (size == 0) {
    log_.append(event, flags, connection.id, 0, 0);
    return;
  }
  if (size <= kInline) {
    std::memcpy(log_.appendShown(event, flags, connection.id, size), data, size);
    return;
  }
  ws::Bytes own;
  if (!own.reallocate(size)) throw std::bad_alloc();
  std::memcpy(own.data(), data, size);
  own.grow(size);
  log_.appendExternal(event, flags, connection.id, std::move(own));
}

void LogSink::text(Event event, const Connection& connection, const std::string& payload,
                   uint32_t aux) {
  uint8_t* out = log_.append(event, 0, connection.id, payload.size(), aux);
  std::memcpy(out, payload.data(), payload.size());
}

void LogSink::opened(Connection& connection, const Fields& facts) {
  text(Event::opened, connection, facts.encode(), connection.group());
}

void LogSink::failed(Connection& connection, const ErrorInfo& error) {
  text(Event::failed, connection, error.encoded().encode(), connection.group());
}

void LogSink::closed(Connection& connection, uint16_t code, std::string_view reason,
                     const ErrorInfo& error) {
  Fields fields = error ? error.encoded() : Fields();
  fields.set("closeReason", reason);
  text(Event::closed, connection, fields.encode(), code);
}

void LogSink::message(Connection& connection, ws::Opcode opcode, const uint8_t* data, size_t size) {
  copy(Event::message, flagsOf(opcode), connection, data, size);
}

void LogSink::message(Connection& connection, ws::Opcode opcode, ws::Bytes&& data) {
  if (data.size() <= kInline) {
    return copy(Event::message, flagsOf(opcode), connection, data.data(), data.size());
  }
  data.trim();
  log_.appendExternal(Event::message, flagsOf(opcode), connection.id, std::move(data));
}

void LogSink::ping(Connection& connection, const uint8_t* data, size_t size) {
  copy(Event::ping, 0, connection, data, size);
}

void LogSink::pong(Connection& connection, const uint8_t* data, size_t size) {
  copy(Event::pong, 0, connection, data, size);
}

void LogSink::data(Connection& connection, const uint8_t* data, size_t size) {
  copy(Event::data, flag::binary, connection, data, size);
}

void LogSink::ended(Connection& connection) { log_.append(Event::ended, 0, connection.id, 0, 0); }

void LogSink::flushed(Connection& connection, uint32_t mark) {
  log_.append(Event::flushed, 0, connection.id, 0, mark);
}

void LogSink::broadcast(uint32_t group, uint16_t flags, const uint8_t* data, size_t size) {
  const Event event = (flags & flag::plain) != 0 ? Event::plainBroadcast : Event::broadcast;
  uint8_t* out = log_.append(event, flags & flag::binary, {}, size, group);
  if (size > 0) std::memcpy(out, data, size);
}

void LogSink::leased(Connection& connection, uint32_t request, double tokenOrRefusal) {
  number(Event::leased, connection, tokenOrRefusal, request);
}

void LogSink::leaseExpired(Connection& connection, double token) {
  number(Event::leaseExpired, connection, token, 0);
}

void LogSink::warned(Connection& connection, const char* code, std::string_view what) {
  Fields fields;
  fields.set("code", code).set("text", what);
  text(Event::warned, connection, fields.encode(), 0);
}

// As node:tls gives it.
void LogSink::keylog(Connection& connection, std::string_view line) {
  uint8_t* out = log_.append(Event::keylog, 0, connection.id, line.size() + 1, 0);
  std::memcpy(out, line.data(), line.size());
  out[line.size()] = '\n';
}

void LogSink::number(Event event, const Connection& connection, double value, uint32_t aux) {
  uint8_t* out = log_.append(event, 0, connection.id, sizeof value, aux);
  std::memcpy(out, &value, sizeof value);
}

}  // namespace lwspool
