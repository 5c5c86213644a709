// Serves web/dist from this machine, with the requests that came.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const TYPES = { "/": ["index.html", "text/html; charset=utf-8"], "/sw.js": ["sw.js", "text/javascript"] };

/** @returns {Promise<{address: string, requests: string[], close: () => void}>} */
export async function serve() {
  const requests = [];
  const server = createServer((request, response) => {
    const path = request.url.split("?")[0];
    requests.push(path);
    const [file, type] = TYPES[path] ?? [];
    if (!file) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": type }).end(readFileSync(new URL(`../dist/${file}`, import.meta.url)));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { address: `http://127.0.0.1:${server.address().port}/`, requests, close: () => { server.close(); server.closeAllConnections(); } };
}
