// A server on Boost.Beast, which none of the clients' authors wrote: asynchronous, on one thread.
// It takes the command line of `lws-pool serve` as far as the benchmark uses it, and prints the
// same line once it listens:
//
//     serve --port 0 [--port 0 ...] --mode echo|sink|flood --size B --json [--tls --ca-out FILE]
//     {"urls":["wss://127.0.0.1:40123/"],"ca":"FILE"}
//
// Unlike the other servers it writes each answer by itself: that is how Beast is used.
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/ssl.hpp>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "certificate.h"
#include "session.h"

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr int kBacklog = 16384;

struct Options {
  std::vector<unsigned short> ports;
  Behaviour behaviour;
  bool tls = false;
  std::string caOut;
};

Mode modeOf(const std::string& name) {
  if (name == "echo") return Mode::echo;
  if (name == "sink") return Mode::sink;
  if (name == "flood") return Mode::flood;
  std::cerr << "--mode takes echo, sink, flood, not " << name << "\n";
  std::exit(2);
}

Options readOptions(int argc, char** argv) {
  Options options;
  std::size_t size = 64;
  for (int index = 1; index < argc; index++) {
    const std::string option = argv[index];
    if (option == "--tls") options.tls = true;
    if (index + 1 == argc) break;
    if (option == "--port") {
      options.ports.push_back(static_cast<unsigned short>(std::atoi(argv[++index])));
    }
    if (option == "--mode") options.behaviour.mode = modeOf(argv[++index]);
    if (option == "--size") size = std::strtoull(argv[++index], nullptr, 10);
    if (option == "--ca-out") options.caOut = argv[++index];
  }
  if (options.behaviour.mode == Mode::flood) options.behaviour.frames = framesOf(size);
  return options;
}

void acceptNext(tcp::acceptor& acceptor, const std::function<void(tcp::socket)>& serve) {
  acceptor.async_accept([&](boost::system::error_code error, tcp::socket socket) {
    if (!error) {
      socket.set_option(tcp::no_delay(true), error);
      serve(std::move(socket));
    }
    acceptNext(acceptor, serve);
  });
}

void listen(tcp::acceptor& acceptor, unsigned short port) {
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
  acceptor.open(endpoint.protocol());
  acceptor.set_option(tcp::acceptor::reuse_address(true));
  acceptor.bind(endpoint);
  acceptor.listen(kBacklog);
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = readOptions(argc, argv);
  // One thread: without the locks that several would need.
  asio::io_context context(1);
  asio::ssl::context tls(asio::ssl::context::tls_server);
  if (options.tls) useNewCertificate(tls.native_handle(), options.caOut);

  const Behaviour& behaviour = options.behaviour;
  const std::function<void(tcp::socket)> servePlain = [&](tcp::socket socket) {
    using Plain = Session<tcp::socket>;
    std::make_shared<Plain>(behaviour, std::move(socket))->upgrade();
  };
  const std::function<void(tcp::socket)> serveTls = [&](tcp::socket socket) {
    using Secure = Session<boost::beast::ssl_stream<tcp::socket>>;
    auto session = std::make_shared<Secure>(behaviour, std::move(socket), tls);
    session->transport().async_handshake(asio::ssl::stream_base::server, [session](auto error) {
      if (!error) session->upgrade();
    });
  };

  // Where each stays: what it waits for refers to it.
  std::deque<tcp::acceptor> acceptors;
  std::cout << "{\"urls\":[";
  for (const unsigned short port : options.ports) {
    tcp::acceptor& acceptor = acceptors.emplace_back(context);
    listen(acceptor, port);
    acceptNext(acceptor, options.tls ? serveTls : servePlain);
    std::cout << (acceptors.size() > 1 ? "," : "") << (options.tls ? "\"wss" : "\"ws")
              << "://127.0.0.1:" << acceptor.local_endpoint().port() << "/\"";
  }
  std::cout << "]";
  if (options.tls) std::cout << ",\"ca\":\"" << options.caOut << "\"";
  std::cout << "}" << std::endl;
  context.run();
}
