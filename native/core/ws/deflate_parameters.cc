#include "deflate_parameters.h"

#include <algorithm>
#include <array>
#include <utility>

#include "http_field.h"

namespace lwspool::ws {

namespace {

constexpr std::string_view kServerTakeover = "server_no_context_takeover";
constexpr std::string_view kClientTakeover = "client_no_context_takeover";
constexpr std::string_view kServerBits = "server_max_window_bits";
constexpr std::string_view kClientBits = "client_max_window_bits";

// The parameters as they stand in one offer or one answer.
struct Parsed {
  bool serverNoContextTakeover = false;
  bool clientNoContextTakeover = false;
  std::optional<uint8_t> serverBits;
  bool clientBitsNamed = false;
  std::optional<uint8_t> clientBits;
};

std::optional<Misfit> misfit(std::string_view parameter, const char* problem) {
  return Misfit{std::string(parameter), problem};
}

// RFC 7692, 7.1.2: a decimal integer without leading zeroes, from 8 to 15.
std::optional<uint8_t> bitsOf(std::string_view value) {
  if (value == "8" || value == "9") return static_cast<uint8_t>(value[0] - '0');
  if (value.size() == 2 && value[0] == '1' && value[1] >= '0' && value[1] <= '5') {
    return static_cast<uint8_t>(10 + value[1] - '0');
  }
  return std::nullopt;
}

// Takes the first parameter off a list separated by semicolons, which quoted values may hold.
std::string_view nextParameter(std::string_view& list) {
  bool quoted = false;
  size_t at = 0;
  for (; at < list.size() && (quoted || list[at] != ';'); at++) {
    if (quoted && list[at] == '\\') {
      at++;
    } else if (list[at] == '"') {
      quoted = !quoted;
    }
  }
  const std::string_view first = trimmed(list.substr(0, std::min(at, list.size())));
  list.remove_prefix(std::min(at + 1, list.size()));
  return first;
}

// RFC 6455, 9.1: a value may be quoted, and is a token when it is read.
std::optional<std::string> unquoted(std::string_view value) {
  if (value.empty() || value.front() != '"') return std::string(value);
  if (value.size() < 2 || value.back() != '"') return std::nullopt;
  std::string out;
  value = value.substr(1, value.size() - 2);
  for (size_t i = 0; i < value.size(); i++) {
    if (value[i] == '"') return std::nullopt;
    if (value[i] == '\\' && ++i == value.size()) return std::nullopt;
    out += value[i];
  }
  return out;
}

std::optional<Misfit> parse(std::string_view list, bool answer, Parsed& out) {
  std::array<bool, 4> seen{};
  const bool empty = trimmed(list).empty();
  while (!empty) {
    const bool more = !list.empty();
    if (!more) break;
    const std::string_view parameter = nextParameter(list);
    const size_t equals = parameter.find('=');
    const std::string_view name = trimmed(parameter.substr(0, equals));
    const bool valued = equals != std::string_view::npos;
    const auto value =
        valued ? unquoted(trimmed(parameter.substr(equals + 1))) : std::optional<std::string>();
    static constexpr std::array kNames = {kServerTakeover, kClientTakeover, kServerBits,
                                          kClientBits};
    const auto known = std::find(kNames.begin(), kNames.end(), name);
    if (known == kNames.end()) return misfit(name, "is not one of RFC 7692");
    if (std::exchange(seen[static_cast<size_t>(known - kNames.begin())], true)) {
      return misfit(name, "is there twice");
    }
    if (valued && !value) return misfit(name, "has a value that is not quoted rightly");
    if (name == kServerTakeover || name == kClientTakeover) {
      if (valued) return misfit(name, "takes no value");
      (name == kServerTakeover ? out.serverNoContextTakeover : out.clientNoContextTakeover) = true;
      continue;
    }
    if (name == kClientBits) {
      out.clientBitsNamed = true;
      if (!valued && !answer) continue;  // a hint
    }
    const auto bits = value ? bitsOf(*value) : std::nullopt;
    if (!bits) return misfit(name, "takes an integer from 8 to 15");
    (name == kServerBits ? out.serverBits : out.clientBits) = bits;
  }
  return std::nullopt;
}

void add(std::string& list, std::string_view name) {
  list.append(list.empty() ? "" : "; ").append(name);
}

void add(std::string& list, std::string_view name, uint8_t bits) {
  add(list, name);
  list.append("=").append(std::to_string(bits));
}

uint8_t fewer(uint8_t bits, std::optional<uint8_t> limit) {
  return limit ? std::min(bits, *limit) : bits;
}

uint8_t orMost(uint8_t bits) { return bits == 0 ? uint8_t{15} : bits; }

}  // namespace

std::string deflateOffer(const DeflateOptions& options) {
  std::string offer;
  if (options.serverNoContextTakeover) add(offer, kServerTakeover);
  if (options.clientNoContextTakeover) add(offer, kClientTakeover);
  if (options.serverMaxWindowBits != 0) add(offer, kServerBits, options.serverMaxWindowBits);
  if (options.clientMaxWindowBits != 0) {
    add(offer, kClientBits, options.clientMaxWindowBits);
  } else {
    add(offer, kClientBits);
  }
  return offer;
}

std::optional<Misfit> readDeflateAnswer(const DeflateOptions& options, std::string_view parameters,
                                        DeflateAgreement& agreement) {
  Parsed answer;
  if (auto wrong = parse(parameters, true, answer)) return wrong;
  // 7.1.1.1 and 7.1.2.1: who accepts an offer with these grants them.
  if (options.serverNoContextTakeover && !answer.serverNoContextTakeover) {
    return misfit(kServerTakeover, "was asked for and is missing");
  }
  if (options.serverMaxWindowBits != 0) {
    if (!answer.serverBits) return misfit(kServerBits, "was asked for and is missing");
    if (*answer.serverBits > options.serverMaxWindowBits) {
      return misfit(kServerBits, "is more than was asked for");
    }
  }
  if (answer.clientBits && *answer.clientBits > orMost(options.clientMaxWindowBits)) {
    return misfit(kClientBits, "is more than was offered");
  }
  agreement.serverNoContextTakeover = answer.serverNoContextTakeover;
  agreement.clientNoContextTakeover =
      answer.clientNoContextTakeover || options.clientNoContextTakeover;
  agreement.serverWindowBits = answer.serverBits.value_or(15);
  agreement.clientWindowBits = fewer(orMost(options.clientMaxWindowBits), answer.clientBits);
  return std::nullopt;
}

std::optional<std::string> answerDeflateOffer(const DeflateOptions& options,
                                              std::string_view parameters,
                                              DeflateAgreement& agreement) {
  Parsed offer;
  if (parse(parameters, false, offer)) return std::nullopt;
  // 7.1.2.2: a client that does not speak of its window cannot be told how large it may be.
  if (options.clientMaxWindowBits != 0 && !offer.clientBitsNamed) return std::nullopt;
  agreement.serverNoContextTakeover =
      offer.serverNoContextTakeover || options.serverNoContextTakeover;
  agreement.clientNoContextTakeover =
      offer.clientNoContextTakeover || options.clientNoContextTakeover;
  agreement.serverWindowBits = fewer(orMost(options.serverMaxWindowBits), offer.serverBits);
  agreement.clientWindowBits = fewer(orMost(options.clientMaxWindowBits), offer.clientBits);
  std::string answer;
  if (agreement.serverNoContextTakeover) add(answer, kServerTakeover);
  if (agreement.clientNoContextTakeover) add(answer, kClientTakeover);
  if (offer.serverBits || options.serverMaxWindowBits != 0) {
    add(answer, kServerBits, agreement.serverWindowBits);
  }
  if (offer.clientBitsNamed && agreement.clientWindowBits < 15) {
    add(answer, kClientBits, agreement.clientWindowBits);
  }
  return answer;
}

}  // namespace lwspool::ws
