// A static server as a site's host would be one: compressed, cached, with types.
import { createServer } from "node:http";
import { readFile, stat } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { gzipSync } from "node:zlib";

const TYPES = {
  ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css",
  ".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp", ".gif": "image/gif",
  ".woff": "font/woff", ".woff2": "font/woff2", ".ttf": "font/ttf", ".json": "application/json",
  ".xml": "application/xml", ".txt": "text/plain; charset=utf-8",
};
const COMPRESSED = new Set([".html", ".js", ".css", ".svg", ".json", ".xml", ".txt"]);

/** Serve a folder on a free port; returns {address, close}. */
export async function serve(folder) {
  const kept = new Map();
  const server = createServer(async (request, response) => {
    try {
      let name = normalize(decodeURIComponent(new URL(request.url, "http://x").pathname));
      if (name.endsWith("/")) name += "index.html";
      const file = join(folder, name);
      if (!(await stat(file)).isFile()) throw new Error("no file");
      const type = extname(file);
      const headers = {
        "content-type": TYPES[type] ?? "application/octet-stream",
        "cache-control": type === ".html" ? "max-age=600" : "max-age=31536000",
      };
      if (!kept.has(file)) {
        const body = await readFile(file);
        kept.set(file, COMPRESSED.has(type) ? gzipSync(body, { level: 9 }) : body);
      }
      if (COMPRESSED.has(type)) headers["content-encoding"] = "gzip";
      response.writeHead(200, headers).end(kept.get(file));
    } catch {
      response.writeHead(404, { "content-type": "text/plain" }).end("not found");
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    address: `http://127.0.0.1:${server.address().port}/`,
    close: () => { server.closeAllConnections(); server.close(); },
  };
}
