// Connections at work, and their metrics at /metrics, for Prometheus.
//
//   npm install lws-pool prom-client
//   npx lws-pool-cli serve --port 9000
//   node examples/metrics.mjs ws://127.0.0.1:9000/ 9464
//   curl http://127.0.0.1:9464/metrics
import http from 'node:http';
import { createPool } from 'lws-pool';
import prometheus from 'prom-client';

const [url, port = '9464'] = process.argv.slice(2);
const registry = new prometheus.Registry();
prometheus.collectDefaultMetrics({ register: registry });

const pool = await createPool({ threads: 1 });
await pool.metrics(registry, { labels: { pool: 'example' } });

const server = http.createServer(async (request, response) => {
  if (request.url !== '/metrics') {
    response.writeHead(404).end();
    return;
  }
  try {
    const text = await registry.metrics();
    // If the scraper has disconnected meanwhile, this has no effect and does not throw.
    response.writeHead(200, { 'content-type': registry.contentType }).end(text);
  } catch (error) {
    response.writeHead(500).end(error.message);
  }
});
server.listen(Number(port), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/metrics`);
});

const connections = await Promise.all(Array.from({ length: 10 }, () => pool.connect(url)));
for (const connection of connections) {
  connection.on('message', () => {
    setTimeout(() => connection.readyState === 1 && connection.send('again'), 100);
  });
  connection.send('hello');
}

process.once('SIGINT', async () => {
  server.close();
  server.closeAllConnections();
  await pool.close();
});
