// A plain client on libwebsockets as its minimal examples have it: one thread, the default event
// loop (poll), a callback per event, and lws_write() from LWS_CALLBACK_CLIENT_WRITEABLE alone.
//
// Settings its documentation recommends: rx_buffer_size is the largest message, so that each
// arrives whole; pt_serv_buf_size is as in minimal-ws-client-echo; where more than one message
// waits it writes on until lws_send_pipe_choked().
#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

enum { kServiceBuffer = 32 * 1024 };

typedef struct {
  struct lws* wsi;
  int64_t toSend;
  size_t length;  // of the message that is arriving
  bool isOpen;
  bool isClosing;
  bool hasEnded;
} Connection;

static const Workload* workload;
static struct lws_context* context;
static Connection* connections;
static uint8_t* payload;
static uint8_t* output;

static int indexOf(const Connection* connection) { return (int)(connection - connections); }

static int writeMessages(struct lws* wsi, Connection* connection) {
  while (connection->toSend > 0) {
    // Masking changes the bytes where they are.
    memcpy(output + LWS_PRE, payload, workload->size);
    int written = lws_write(wsi, output + LWS_PRE, workload->size, LWS_WRITE_BINARY);
    if (written < (int)workload->size) return -1;
    connection->toSend--;
    if (lws_send_pipe_choked(wsi)) break;
  }
  if (connection->toSend > 0) lws_callback_on_writable(wsi);
  return 0;
}

static int receive(struct lws* wsi, Connection* connection, const uint8_t* data, size_t size) {
  if (lws_is_first_fragment(wsi)) connection->length = 0;
  size_t before = connection->length;
  connection->length += size;
  if (connection->length > workload->size) clientFoundWrong();
  // A server that floods sends something else.
  bool compares = clientCompares() && strcmp(workload->mode, "receive") != 0;
  if (compares && memcmp(payload + before, data, size) != 0) clientFoundWrong();
  if (lws_remaining_packet_payload(wsi) > 0 || !lws_is_final_fragment(wsi)) return 0;
  if (connection->length != workload->size) clientFoundWrong();
  clientReceived(indexOf(connection), 1);
  if (!connection->isClosing) return 0;
  lws_close_reason(wsi, LWS_CLOSE_STATUS_NORMAL, NULL, 0);
  return -1;
}

// Once for each connection, whatever way it takes.
static void ended(Connection* connection, const char* reason) {
  if (connection->hasEnded) return;
  connection->hasEnded = true;
  connection->wsi = NULL;
  if (connection->isOpen)
    clientClosed(indexOf(connection), connection->isClosing);
  else
    clientFailed(reason);
}

static int callback(struct lws* wsi, enum lws_callback_reasons reason, void* user, void* in,
                    size_t size) {
  Connection* connection = user;
  switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
      connection->isOpen = true;
      clientOpened(indexOf(connection));
      return 0;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
      ended(connection, in != NULL ? in : "no connection");
      return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
      return receive(wsi, connection, in, size);
    case LWS_CALLBACK_CLIENT_WRITEABLE:
      return writeMessages(wsi, connection);
    case LWS_CALLBACK_CLIENT_CLOSED:
    // Some that fail early have no other callback.
    case LWS_CALLBACK_WSI_DESTROY:
      if (connection != NULL) ended(connection, "closed before it was open");
      return 0;
    default:
      return 0;
  }
}

static void begin(const Workload* given, int count) {
  workload = given;
  connections = calloc((size_t)count, sizeof *connections);
  payload = malloc(workload->size);
  fillPayload(payload, workload->size);
  output = malloc(LWS_PRE + workload->size);

  static struct lws_protocols protocols[] = {{.name = "bench", .callback = callback}, {0}};
  protocols[0].rx_buffer_size = workload->size;
  struct lws_context_creation_info info = {
      .port = CONTEXT_PORT_NO_LISTEN,
      .protocols = protocols,
      .gid = -1,
      .uid = -1,
      .pt_serv_buf_size = kServiceBuffer,
      .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
      .client_ssl_ca_filepath = workload->ca,
  };
  lws_set_log_level(LLL_ERR, NULL);
  context = lws_create_context(&info);
  if (context == NULL) {
    fprintf(stderr, "lws_create_context() failed\n");
    exit(1);
  }
}

static void openConnection(int index) {
  Connection* connection = &connections[index];
  const Address* address = addressFor(workload, index);
  struct lws_client_connect_info info = {
      .context = context,
      .address = address->host,
      .port = address->port,
      .path = "/",
      // It looks for a name in the server's certificate, not for an address.
      .host = workload->tls ? "localhost" : address->host,
      .origin = address->host,
      .ssl_connection = workload->tls ? LCCSCF_USE_SSL : 0,
      .local_protocol_name = "bench",
      .userdata = connection,
      .pwsi = &connection->wsi,
  };
  if (lws_client_connect_via_info(&info) == NULL) ended(connection, "no connection");
}

static void sendMessages(int index, int64_t count) {
  Connection* connection = &connections[index];
  connection->toSend += count;
  lws_callback_on_writable(connection->wsi);
}

static void closeConnection(int index) { connections[index].isClosing = true; }

static size_t unsent(int index) {
  const Connection* connection = &connections[index];
  if (connection->toSend > 0) return (size_t)connection->toSend * workload->size;
  return connection->wsi != NULL && lws_partial_buffered(connection->wsi) ? 1 : 0;
}

// The library decides itself how long it waits, unless that is not at all. Where something is left
// to send it does not have to be woken for that.
static void serve(int milliseconds) { lws_service(context, milliseconds == 0 ? -1 : 0); }

int main(int argc, char** argv) {
  Transport transport = {
      .identity = {.peer = "lws", .library = "libwebsockets", .version = lws_get_library_version()},
      .begin = begin,
      .open = openConnection,
      .send = sendMessages,
      .close = closeConnection,
      .unsent = unsent,
      .serve = serve,
  };
  return runClient(&transport, argc, argv);
}
