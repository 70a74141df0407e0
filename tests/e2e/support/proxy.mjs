// A proxy before the gateway, as many stand: behind it, files can be missing or late, as they are while a new
// version is rolled out or on a bad line. Knows nothing of browsers.

import { createServer, request } from 'node:http';

/** In place of a status: the line is cut before an answer. */
export const CUT = 'cut';

/**
 * Starts it before a product. `before(path, asked)` is told of each request and may answer, or promise, a status to
 * send in the gateway's place, or `CUT`. `replace(path)` may answer what makes another body of the JSON that the
 * gateway sends there. Answers `{ url, stop }`.
 */
export async function proxy(product, before, replace) {
  const host = new URL(product.url).host;
  const server = createServer(async (asked, answer) => {
    const status = await before(asked.url, asked);
    if (status === CUT) {
      answer.destroy();
      return;
    }
    if (status !== undefined) {
      answer.writeHead(status, { 'content-type': 'text/plain', 'cache-control': 'no-store' });
      answer.end('not here');
      return;
    }
    const headers = { ...asked.headers, host, ...(replace && { 'accept-encoding': 'identity' }) };
    const onward = request(product.url + asked.url, { method: asked.method, headers }, async (got) => {
      // As some do, and RFC 9110 asks for in section 7.6.3.
      const via = [got.headers.via, '1.1 proxy'].filter(Boolean).join(', ');
      const replaced = got.statusCode === 200 && replace?.(asked.url);
      if (!replaced) {
        answer.writeHead(got.statusCode, { ...got.headers, via });
        got.pipe(answer);
        return;
      }
      const said = JSON.parse(Buffer.concat(await got.toArray()).toString());
      answer.writeHead(200, { 'content-type': 'application/json', via });
      answer.end(JSON.stringify(replaced(said)));
    });
    onward.on('error', () => answer.destroy());
    asked.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, stop };
}
