// What two ends agree on, and what is wrong with an answer.
#include "../../native/core/ws/deflate_parameters.h"

#include <doctest/doctest.h>

#include "../../native/core/ws/deflate.h"
#include "../../native/core/ws/handshake.h"

using namespace lwspool::ws;

namespace {

// "server,client": a window, and "!" behind it where there is no takeover.
std::string text(const DeflateAgreement& agreement) {
  return std::to_string(agreement.serverWindowBits) +
         (agreement.serverNoContextTakeover ? "!," : ",") +
         std::to_string(agreement.clientWindowBits) +
         (agreement.clientNoContextTakeover ? "!" : "");
}

std::string answered(const DeflateOptions& options, std::string_view parameters) {
  DeflateAgreement agreement;
  const auto misfit = readDeflateAnswer(options, parameters, agreement);
  return misfit ? misfit->parameter + " " + misfit->problem : text(agreement);
}

std::string accepted(const DeflateOptions& options, std::string_view parameters) {
  DeflateAgreement agreement;
  const auto answer = answerDeflateOffer(options, parameters, agreement);
  return answer ? *answer + " -> " + text(agreement) : "declined";
}

}  // namespace

TEST_CASE("deflate parameters: what is offered") {
  CHECK(deflateOffer({}) == "client_max_window_bits");
  CHECK(deflateOffer({.serverNoContextTakeover = true,
                      .clientNoContextTakeover = true,
                      .serverMaxWindowBits = 9,
                      .clientMaxWindowBits = 10}) ==
        "server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; "
        "client_max_window_bits=10");
}

TEST_CASE("deflate parameters: answers that fit") {
  CHECK(answered({}, "") == "15,15");
  CHECK(answered({}, "server_no_context_takeover") == "15!,15");
  CHECK(answered({}, "client_no_context_takeover ;server_no_context_takeover") == "15!,15!");
  CHECK(answered({}, "server_max_window_bits=8; client_max_window_bits=8") == "8,8");
  CHECK(answered({}, "server_max_window_bits=\"10\"") == "10,15");
  CHECK(answered({}, "client_max_window_bits = \"1\\2\"") == "15,12");
  CHECK(answered({.clientMaxWindowBits = 10}, "") == "15,10");
  CHECK(answered({.clientMaxWindowBits = 10}, "client_max_window_bits=9") == "15,9");
  CHECK(answered({.serverMaxWindowBits = 12}, "server_max_window_bits=11") == "11,15");
  CHECK(answered({.clientNoContextTakeover = true}, "") == "15,15!");
}

TEST_CASE("deflate parameters: answers that do not fit, and why") {
  CHECK(answered({}, "window=4") == "window is not one of RFC 7692");
  CHECK(answered({}, "server_max_window_bits=10; server_max_window_bits=10") ==
        "server_max_window_bits is there twice");
  CHECK(answered({}, "server_no_context_takeover=1") ==
        "server_no_context_takeover takes no value");
  for (const char* wrong :
       {"", "=", "=7", "=16", "=08", "=8.0", "=\"9", "=\"\"", "=\"9\"9", "=1a"}) {
    const std::string parameter = std::string("server_max_window_bits") + wrong;
    CAPTURE(parameter);
    CHECK(answered({}, parameter).starts_with("server_max_window_bits "));
  }
  CHECK(answered({}, "client_max_window_bits") ==
        "client_max_window_bits takes an integer from 8 to 15");
  CHECK(answered({.serverNoContextTakeover = true}, "") ==
        "server_no_context_takeover was asked for and is missing");
  CHECK(answered({.serverMaxWindowBits = 10}, "") ==
        "server_max_window_bits was asked for and is missing");
  CHECK(answered({.serverMaxWindowBits = 10}, "server_max_window_bits=11") ==
        "server_max_window_bits is more than was asked for");
  CHECK(answered({.clientMaxWindowBits = 10}, "client_max_window_bits=11") ==
        "client_max_window_bits is more than was offered");
  CHECK(answered({}, ";") == " is not one of RFC 7692");
  CHECK(answered({}, "a=\";\"; b") == "a is not one of RFC 7692");
}

TEST_CASE("deflate parameters: offers, and what they are answered") {
  CHECK(accepted({}, "") == " -> 15,15");
  CHECK(accepted({}, "client_max_window_bits") == " -> 15,15");
  CHECK(accepted({}, "client_max_window_bits=9") == "client_max_window_bits=9 -> 15,9");
  CHECK(accepted({}, "server_max_window_bits=9; server_no_context_takeover") ==
        "server_no_context_takeover; server_max_window_bits=9 -> 9!,15");
  CHECK(accepted({.serverNoContextTakeover = true, .clientNoContextTakeover = true}, "") ==
        "server_no_context_takeover; client_no_context_takeover -> 15!,15!");
  CHECK(accepted({.clientMaxWindowBits = 10}, "client_max_window_bits") ==
        "client_max_window_bits=10 -> 15,10");
  CHECK(accepted({.clientMaxWindowBits = 10}, "") == "declined");
  CHECK(accepted({.serverMaxWindowBits = 11}, "server_max_window_bits=12") ==
        "server_max_window_bits=11 -> 11,15");
  for (const char* wrong :
       {"x", "server_max_window_bits", "client_max_window_bits=16", "client_no_context_takeover=1",
        "server_no_context_takeover; server_no_context_takeover"}) {
    CAPTURE(wrong);
    CHECK(accepted({}, wrong) == "declined");
  }
}

TEST_CASE("deflate parameters: the first offer that can be taken is") {
  DeflatePool pool;
  const DeflateOptions options;
  Deflate deflate(Role::server, options, pool);
  CHECK(answerOf(deflate,
                 "permessage-deflate; x, other, permessage-deflate; "
                 "server_max_window_bits=10") == "permessage-deflate; server_max_window_bits=10");
  CHECK(answerOf(deflate, "permessage-deflate") == "permessage-deflate");
  CHECK(answerOf(deflate, "deflate") == "");
}
