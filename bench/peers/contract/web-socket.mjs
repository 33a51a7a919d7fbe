/**
 * A client whose connections are WebSockets as browsers have them.
 *
 * @param {(url: string) => WebSocket} create
 * @param {() => void} collectGarbage
 * @param {string} [binaryType]  what binary messages arrive as
 * @returns {import('./client.mjs').Client}
 */
export function webSocketClient(create, collectGarbage, binaryType = 'arraybuffer') {
  return {
    open(events, url) {
      const socket = create(url);
      socket.binaryType = binaryType;
      let isOpen = false;
      let reason = 'closed before it was open';
      socket.onopen = () => {
        isOpen = true;
        events.opened(socket);
      };
      socket.onmessage = (event) => events.message(socket, event.data);
      socket.onerror = (event) => {
        reason = event.error?.message || event.message || reason;
      };
      socket.onclose = (event) => {
        if (isOpen) events.closed(socket, event.code);
        else events.failed(reason);
      };
    },
    close: (socket) => socket.close(1000),
    collectGarbage,
  };
}
