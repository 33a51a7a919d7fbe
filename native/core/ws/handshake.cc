#include "handshake.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#include "http_field.h"

namespace lwspool::ws {
namespace {

std::string base64(const unsigned char* data, size_t size) {
  std::string out((size + 2) / 3 * 4, '\0');
  // Writes a NUL behind the text, which is where std::string has its own.
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), data, static_cast<int>(size));
  return out;
}

// "name; parameters" taken apart.
struct ExtensionElement {
  explicit ExtensionElement(std::string_view element) {
    const size_t semicolon = element.find(';');
    name = trimmed(element.substr(0, semicolon));
    if (semicolon != std::string_view::npos) parameters = trimmed(element.substr(semicolon + 1));
  }
  std::string_view name;
  std::string_view parameters;
};

std::string elementOf(std::string_view name, std::string_view parameters) {
  std::string out(name);
  if (!parameters.empty()) out.append("; ").append(parameters);
  return out;
}

// We offer one extension: the answer may hold it once and nothing else.
bool acceptExtensions(std::string_view answer, const Request& request) {
  std::string_view element;
  bool found = false;
  while (nextElement(answer, element)) {
    if (request.extension == nullptr || found) return false;
    const ExtensionElement parts(element);
    if (parts.name != request.extension->name()) return false;
    if (auto misfit = request.extension->accept(parts.parameters)) {
      if (request.misfit != nullptr) *request.misfit = std::move(misfit);
      return false;
    }
    found = true;
  }
  return true;
}

std::string_view phraseOf(uint16_t status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 414:
      return "URI Too Long";
    case 426:
      return "Upgrade Required";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return status < 500 ? "Refused" : "Failed";  // the phrase is for people only
  }
}

}  // namespace

std::string makeKey(MaskSource& random) {
  unsigned char nonce[16];
  for (size_t at = 0; at < sizeof nonce; at += sizeof(uint32_t)) {
    const uint32_t part = random.next();
    std::memcpy(nonce + at, &part, sizeof part);
  }
  return base64(nonce, sizeof nonce);
}

bool isKey(std::string_view key) {
  return key.size() == 24 && key.ends_with("==") &&
         std::all_of(key.begin(), key.end() - 2, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '+' || c == '/';
         });
}

std::string makeRequest(std::string_view head, std::string_view key) {
  static constexpr std::string_view kName = "Sec-WebSocket-Key: ";
  std::string out;
  out.reserve(head.size() + kName.size() + key.size() + 4);
  return out.append(head).append(kName).append(key).append("\r\n");
}

std::string acceptFor(std::string_view key) {
  std::string text(key);
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return base64(digest, sizeof digest);
}

HandshakeError checkResponse(const ResponseHead& head, const Request& request) {
  if (!equalsIgnoringCase(trimmed(head.upgrade), "websocket")) return HandshakeError::badUpgrade;
  if (!listContains(head.connection, "upgrade")) return HandshakeError::badConnection;
  if (trimmed(head.accept) != acceptFor(request.key)) return HandshakeError::badAccept;
  const std::string_view protocol = trimmed(head.protocol);
  const auto& offered = request.protocols;
  if (!protocol.empty() && std::find(offered.begin(), offered.end(), protocol) == offered.end()) {
    return HandshakeError::unaskedProtocol;
  }
  if (protocol.empty() && !offered.empty() && request.requiresProtocol) {
    return HandshakeError::noProtocol;
  }
  if (!acceptExtensions(head.extensions, request)) {
    return HandshakeError::unaskedExtension;
  }
  return HandshakeError::none;
}

std::string offerOf(const Extension& extension) {
  return elementOf(extension.name(), extension.offer());
}

std::string answerOf(Extension& extension, std::string_view offers) {
  std::string_view element;
  while (nextElement(offers, element)) {
    const ExtensionElement offer(element);
    if (offer.name != extension.name()) continue;
    if (const auto answer = extension.answer(offer.parameters)) {
      return elementOf(extension.name(), *answer);
    }
  }
  return {};
}

std::string makeResponse(std::string_view key, std::string_view protocol,
                         std::string_view extensions) {
  std::string out =
      "HTTP/1.1 101 Switching Protocols\r\n"
      "Upgrade: websocket\r\n"
      "Connection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ";
  out.append(acceptFor(key)).append("\r\n");
  if (!protocol.empty()) out.append("Sec-WebSocket-Protocol: ").append(protocol).append("\r\n");
  if (!extensions.empty()) {
    out.append("Sec-WebSocket-Extensions: ").append(extensions).append("\r\n");
  }
  return out.append("\r\n");
}

std::string makeRefusal(uint16_t status, std::string_view text) {
  std::string out = "HTTP/1.1 " + std::to_string(status) + " ";
  out.append(phraseOf(status)).append("\r\n");
  if (status == 405) out += "Allow: GET\r\n";
  if (status == 426) {
    out +=
        "Upgrade: websocket\r\n"
        "Connection: Upgrade, close\r\n"
        "Sec-WebSocket-Version: 13\r\n";
  } else {
    out += "Connection: close\r\n";
  }
  out += "Content-Type: text/plain; charset=utf-8\r\nContent-Length: ";
  out.append(std::to_string(text.size() + 1)).append("\r\n\r\n");
  return out.append(text).append("\n");
}

}  // namespace lwspool::ws
