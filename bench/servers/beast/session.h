#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

enum class Mode { echo, sink, flood };

struct Behaviour {
  Mode mode = Mode::echo;
  // Flood: as many whole frames as are written at a time.
  std::string frames;
};

// Frames of binary messages of this size, some 64 KB of them, without a mask.
inline std::string framesOf(std::size_t size) {
  std::string frame = "\x82";
  const int bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
  frame += static_cast<char>(bytes == 0 ? size : bytes == 2 ? 126 : 127);
  for (int byte = bytes - 1; byte >= 0; byte--) {
    frame += static_cast<char>(static_cast<std::uint64_t>(size) >> (8 * byte));
  }
  frame.append(size, 'x');
  std::string frames = frame;
  while (frames.size() < 64 * 1024) frames += frame;
  return frames;
}

// One connection. What is under way keeps it alive; an error ends it.
template <class Transport>
class Session : public std::enable_shared_from_this<Session<Transport>> {
 public:
  template <class... Arguments>
  explicit Session(const Behaviour& behaviour, Arguments&&... arguments)
      : behaviour_(behaviour), stream_(std::forward<Arguments>(arguments)...) {}

  Transport& transport() { return stream_.next_layer(); }

  void upgrade() {
    stream_.binary(true);
    stream_.auto_fragment(false);
    stream_.async_accept([self = this->shared_from_this()](Error error) {
      if (error) return;
      if (self->behaviour_.mode == Mode::flood) {
        self->flood();
        self->discard();
      } else {
        self->read();
      }
    });
  }

 private:
  using Error = boost::system::error_code;

  void read() {
    stream_.async_read(buffer_, [self = this->shared_from_this()](Error error, std::size_t) {
      if (error) return;
      if (self->behaviour_.mode == Mode::echo) {
        self->answer();
      } else {
        self->buffer_.clear();
        self->read();
      }
    });
  }

  void answer() {
    stream_.async_write(buffer_.data(),
                        [self = this->shared_from_this()](Error error, std::size_t) {
                          if (error) return;
                          self->buffer_.clear();
                          self->read();
                        });
  }

  // Around Beast, which would make a system call for each message.
  void flood() {
    boost::asio::async_write(transport(), boost::asio::buffer(behaviour_.frames),
                             [self = this->shared_from_this()](Error error, std::size_t) {
                               if (!error) self->flood();
                             });
  }

  // Nor may Beast read then: it would answer a close or a ping in the middle of a frame.
  void discard() {
    transport().async_read_some(boost::asio::buffer(ignored_),
                                [self = this->shared_from_this()](Error error, std::size_t) {
                                  if (!error) self->discard();
                                });
  }

  const Behaviour& behaviour_;
  boost::beast::websocket::stream<Transport> stream_;
  boost::beast::flat_buffer buffer_;
  char ignored_[128];
};
