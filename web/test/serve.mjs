// Serves web/dist from this machine below a folder, as GitHub does, with the requests that came.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const FOLDER = "/conda-torch";
const TYPES = { "/": ["index.html", "text/html; charset=utf-8"], "/sw.js": ["sw.js", "text/javascript"] };

/** @returns {Promise<{address: string, requests: string[], close: () => void}>} */
export async function serve() {
  const requests = [];
  const server = createServer((request, response) => {
    const path = request.url.split("?")[0];
    requests.push(path);
    const [file, type] = (path.startsWith(FOLDER) && TYPES[path.slice(FOLDER.length)]) || [];
    if (!file) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": type }).end(readFileSync(new URL(`../dist/${file}`, import.meta.url)));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { address: `http://127.0.0.1:${server.address().port}${FOLDER}/`, requests, close: () => { server.close(); server.closeAllConnections(); } };
}
