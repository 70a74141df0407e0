// The pages that the console is measured against, and a proxy that serves them beside the gateway, so that all of them
// reach it the same way.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { brotliCompressSync } from 'node:zlib';

const here = (path) => new URL(path, import.meta.url);

/** The peers as they are sent, by path: with the console's own style sheet and icons. */
async function peers() {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: here('../peers/') });
  const index = await readFile(here('../../index.html'), 'utf8');
  const sheets = [...index.matchAll(/href="(style\/[^"]+\.css)"/g)].map(([, file]) => readFile(here(`../../${file}`), 'utf8'));
  const style = (await Promise.all(sheets)).join('\n');
  const icons = /<svg hidden[^]+?<\/svg>/.exec(index)?.[0] ?? '';
  assert.ok(style.length > 10_000 && icons.includes('i-primary'), 'the style sheets and the icons were found');
  const files = new Map([['/peers/style.css', ['text/css', brotliCompressSync(style)]]]);
  for (const page of ['floor/groups', 'hand/overview', 'hand/groups', 'hand/group', 'react/overview', 'react/groups', 'react/group']) {
    const html = (await readFile(here(`../peers/${page}.html`), 'utf8')).replace('<!-- icons -->', icons);
    files.set(`/peers/${page}.html`, ['text/html', brotliCompressSync(html)]);
    files.set(`/peers/${page}.js`, ['text/javascript', brotliCompressSync(await readFile(here(`../peers/dist/${page}.js`)))]);
  }
  return files;
}

/**
 * Serves the peers, and everything else as the gateway does. `holdPoll` keeps the next request for changes of the
 * inventory waiting: it answers with a function, once that request is there, which lets it go on.
 */
export async function serve(product) {
  const files = await peers();
  const host = new URL(product.url).host;
  // A page is served with what the gateway says of every page: some of it takes the browser time.
  const { headers } = await fetch(product.url);
  const ofPages = ['content-security-policy', 'cross-origin-opener-policy', 'cross-origin-resource-policy', 'permissions-policy', 'referrer-policy', 'x-content-type-options', 'x-frame-options'];
  const common = Object.fromEntries(ofPages.map((name) => [name, headers.get(name) ?? '']));
  let held;
  const server = createServer(async (asked, answer) => {
    const file = files.get(asked.url.split('?')[0]);
    if (file) {
      answer.writeHead(200, { ...common, 'content-type': file[0], 'content-encoding': 'br' });
      answer.end(file[1]);
      return;
    }
    if (held && asked.url.startsWith('/api/inventory?after=')) {
      const arrived = held;
      held = undefined;
      await new Promise(arrived);
    }
    // A connection of its own: one that was kept may just be closed by the gateway.
    const options = { method: asked.method, headers: { ...asked.headers, host }, agent: false };
    const onward = request(product.url + asked.url, options, (got) => {
      answer.writeHead(got.statusCode, got.headers);
      got.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    asked.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    holdPoll: () => new Promise((resolve) => (held = resolve)),
    stop: () => server.closeAllConnections() || server.close(),
  };
}
