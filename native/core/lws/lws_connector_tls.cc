// The connector's part in the TLS handshakes of clients.
#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <utility>

#include "../bio/chain.h"
#include "lws_connector.h"

namespace lwspool {

// The connection's BIOs, before the first byte.
bool LwsConnector::prepare(Connection& connection, SSL* ssl) {
  const Endpoint& endpoint = *connection.endpoint();
  if (endpoint.bios.empty()) return true;
  bio::Place place;
  place.fd = SSL_get_fd(ssl);
  place.connection = std::to_string(channel_) + "." + std::to_string(connection.id.slot) + "." +
                     std::to_string(connection.id.generation);
  place.number = endpoint.nextBio++;
  const auto refuse = [&](const std::string& reason) {
    ErrorInfo& error = connection.opening->error;
    error.code = "ERR_BIO";
    error.fields.set("reason", reason);
    return false;
  };
  for (const bio::Spec& spec : endpoint.bios) {
    try {
      std::shared_ptr<bio::Layer> layer = spec.kind == bio::Kind::custom && makeBio_
                                              ? makeBio_(spec.module)
                                              : bio::make(spec, place);
      if (layer == nullptr) return refuse("its module is not loaded");
      if (const bio::Refused why = bio::Chain::push(ssl, std::move(layer))) return refuse(why);
    } catch (const bio::Failure& failure) {
      connection.opening->error.fields.set("thrown", failure.thrown);
      return refuse(failure.what());
    } catch (const std::exception& failure) {
      return refuse(failure.what());
    }
  }
  bio::Chain::of(ssl)->opening = true;
  return true;
}

Connection* LwsConnector::connectionOf(const SSL* ssl) {
  for (Connection* connection : attempts_) {
    if (connection->wsi() != nullptr && lws_get_ssl(connection->wsi()) == ssl) return connection;
  }
  return nullptr;
}

}  // namespace lwspool
