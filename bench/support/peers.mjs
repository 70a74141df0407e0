// The pages that the console is compared with, and a proxy that serves them together with the gateway, so that all
// pages take the same route.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { brotliCompressSync } from 'node:zlib';

const here = (path) => new URL(path, import.meta.url);

/** The peers' compressed files by path, with the console's style sheet and icons. */
async function peers() {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: here('../peers/') });
  const index = await readFile(here('../../index.html'), 'utf8');
  const sheets = [...index.matchAll(/href="(style\/[^"]+\.css)"/g)].map(([, file]) => readFile(here(`../../${file}`), 'utf8'));
  const style = (await Promise.all(sheets)).join('\n');
  const icons = /<svg hidden[^]+?<\/svg>/.exec(index)?.[0] ?? '';
  assert.ok(style.length > 10_000 && icons.includes('i-primary'), 'the style sheets and the icons were found');
  const files = new Map([['/peers/style.css', ['text/css', brotliCompressSync(style)]]]);
  const own = ['floor/groups', 'hand/overview', 'react/overview'];
  for (const page of [...own, 'hand/groups', 'hand/group', 'react/groups', 'react/group']) {
    const template = await readFile(here(`../peers/${own.includes(page) ? page : 'page'}.html`), 'utf8');
    const html = template.replaceAll('PAGE', page).replace('<!-- icons -->', icons);
    files.set(`/peers/${page}.html`, ['text/html', brotliCompressSync(html)]);
    files.set(`/peers/${page}.js`, ['text/javascript', brotliCompressSync(await readFile(here(`../peers/dist/${page}.js`)))]);
  }
  return files;
}

/**
 * Serves the peers, and forwards everything else to the gateway. `holdPoll` delays the next request for changes of the
 * inventory: its promise resolves when that request has arrived, to a function that lets it continue.
 */
export async function serve(product) {
  const files = await peers();
  const host = new URL(product.url).host;
  // Peers get the gateway's headers for pages, because some of them cost the browser time.
  const { headers } = await fetch(product.url);
  const ofPages = ['content-security-policy', 'cross-origin-opener-policy', 'cross-origin-resource-policy', 'permissions-policy', 'referrer-policy', 'x-content-type-options', 'x-frame-options'];
  const common = Object.fromEntries(ofPages.map((name) => [name, headers.get(name) ?? '']));
  let announcePoll;
  const server = createServer(async (incoming, response) => {
    const file = files.get(incoming.url.split('?')[0]);
    if (file) {
      response.writeHead(200, { ...common, 'content-type': file[0], 'content-encoding': 'br' });
      response.end(file[1]);
      return;
    }
    if (announcePoll && incoming.url.startsWith('/api/inventory?after=')) {
      const arrived = announcePoll;
      announcePoll = undefined;
      await new Promise(arrived);
    }
    // A new connection: the gateway may be about to close an idle one.
    const options = { method: incoming.method, headers: { ...incoming.headers, host }, agent: false };
    const forwarded = request(product.url + incoming.url, options, (upstream) => {
      response.writeHead(upstream.statusCode, upstream.headers);
      upstream.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    holdPoll: () => new Promise((resolve) => (announcePoll = resolve)),
    stop: () => server.closeAllConnections() || server.close(),
  };
}
