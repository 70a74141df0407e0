// A proxy in front of the gateway, which can delay or fail requests, as during the roll-out of a new version or on a
// bad line. Knows nothing of browsers.

import { createServer, request } from 'node:http';

/** Instead of a status: the connection is closed without a response. */
export const CUT = 'cut';

/**
 * Starts a proxy in front of a product. `before(path, request)` is called for each request and may return, or resolve
 * to, a status to respond with instead of the gateway, or `CUT`, or a function that writes the uncompressed body of the
 * gateway's response. `replace(path)` may return a function that replaces the JSON body of the gateway's response.
 * Returns `{ url, stop }`.
 */
export async function proxy(product, before, replace) {
  const host = new URL(product.url).host;
  const server = createServer(async (incoming, response) => {
    const status = await before(incoming.url, incoming);
    if (status === CUT) {
      response.destroy();
      return;
    }
    const writeBody = typeof status === 'function' && status;
    if (status !== undefined && !writeBody) {
      response.writeHead(status, { 'content-type': 'text/plain', 'cache-control': 'no-store' });
      response.end('not here');
      return;
    }
    const headers = { ...incoming.headers, host, ...((replace || writeBody) && { 'accept-encoding': 'identity' }) };
    const forwarded = request(product.url + incoming.url, { method: incoming.method, headers }, async (upstream) => {
      // As RFC 9110, section 7.6.3, requires and some proxies do.
      const via = [upstream.headers.via, '1.1 proxy'].filter(Boolean).join(', ');
      const replaceBody = upstream.statusCode === 200 && replace?.(incoming.url);
      if (!replaceBody) {
        response.writeHead(upstream.statusCode, { ...upstream.headers, via });
        if (writeBody) await writeBody(Buffer.concat(await upstream.toArray()), response);
        else upstream.pipe(response);
        return;
      }
      const body = JSON.parse(Buffer.concat(await upstream.toArray()).toString());
      response.writeHead(200, { 'content-type': 'application/json', via });
      response.end(JSON.stringify(replaceBody(body)));
    });
    forwarded.on('error', () => response.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, stop };
}
