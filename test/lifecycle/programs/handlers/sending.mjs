import { defineHandler } from 'lws-pool';

// Sends so many bytes as soon as its peer says anything. They are there before that.
export default defineHandler(({ data }) => {
  const bytes = Buffer.alloc(data);
  return { message: (connection) => void connection.send(bytes) };
});
