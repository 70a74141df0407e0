// The console behind nginx and Caddy, with the configurations of docs/deploying.md. Stories for a proxy that is not
// installed are reported as skipped.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually } from './harness.mjs';
import { launch } from './support/browser.mjs';
import { PASSWORD, serve } from './support/gateway.mjs';

const DOCUMENT = await readFile(new URL('../../docs/deploying.md', import.meta.url), 'utf8');

/** The examples of one language in the document, in order. */
const examples = (language) => [...DOCUMENT.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\n\`\`\``, 'g'))].map(([, text]) => text);

/** Replaces machine-specific parts; a missing part means that the document has changed. */
const adapted = (text, changes) =>
  changes.reduce((adapting, [from, to]) => {
    assert.ok(adapting.search(from) >= 0, `docs/deploying.md no longer contains ${from}`);
    return adapting.replaceAll(from, to);
  }, text);

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const isInstalled = (program) => !spawnSync(program, ['-v']).error;

/** Why a proxy cannot be tested, or false if it can. */
const missing = (proxy) => {
  const absent = [proxy, 'openssl'].filter((program) => !isInstalled(program));
  return absent.length > 0 && `${absent.join(' and ')} not installed: nothing was tried behind ${proxy}`;
};

let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'failover-console-proxy-'));
  if (PROXIES.every(([name]) => missing(name))) return;
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
    ...['-addext', 'subjectAltName=DNS:localhost', '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')],
  ]);
  assert.equal(made.status, 0, String(made.stderr));
});

after(() => rm(folder, { recursive: true }));

const certificate = () => [join(folder, 'cert.pem'), join(folder, 'key.pem')];

/** Starts nginx as documented, on this port, in front of the gateway. */
async function nginx(port, gateway, path) {
  const [cert, key] = certificate();
  const [secure] = adapted(examples('nginx')[0], [
    [/listen 443 ssl http2;/g, `listen 127.0.0.1:${port} ssl http2;`],
    [/ *listen \[::\]:443 ssl http2;\n/g, ''],
    [/server_name console\.example;/g, 'server_name localhost;'],
    [/\/etc\/ssl\/console\.example\/fullchain\.pem/g, cert],
    [/\/etc\/ssl\/console\.example\/privkey\.pem/g, key],
    [/http:\/\/127\.0\.0\.1:8080/g, `http://${gateway}`],
    [/location \/ \{/g, `location ${path}/ {`],
  ]).split(/\n(?=server \{)/);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${join(folder, kind)};`);
  const file = join(folder, `nginx-${port}.conf`);
  await writeFile(
    file,
    `daemon off;\nerror_log stderr warn;\npid ${join(folder, `nginx-${port}.pid`)};\nevents {}\nhttp {\n${temporary.join('\n')}\naccess_log off;\n${secure}\n}\n`,
  );
  return spawn('nginx', ['-c', file, '-p', folder], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Starts Caddy as documented, on this port, in front of the gateway. */
async function caddy(port, gateway, path) {
  const [whole, below] = examples('caddyfile');
  const changes = [
    [/^(console|portal)\.example \{/g, `https://localhost:${port} {\n\ttls ${certificate().join(' ')}`],
    [/127\.0\.0\.1:8080/g, gateway],
  ];
  const text = path === '' ? adapted(whole, changes) : adapted(below, [...changes, [/\/failover/g, path]]);
  const file = join(folder, `Caddyfile-${port}`);
  await writeFile(file, `{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n${text}\n`);
  const env = { ...process.env, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  return spawn('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], { stdio: ['ignore', 'ignore', 'pipe'], env });
}

/** A response through the proxy: its status, or the error code instead. */
const send = (port, path, { method = 'GET', headers = {}, body } = {}) =>
  new Promise((resolve) => {
    const outgoing = request({ host: '127.0.0.1', port, path, method, servername: 'localhost', rejectUnauthorized: false, headers: { host: `localhost:${port}`, ...headers } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece) => (text += piece));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    outgoing.on('error', (error) => resolve({ status: error.code ?? error.message, headers: {}, text: '' }));
    outgoing.end(body);
  });

/** Starts a gateway that knows its public address, and the proxy in front of it. */
async function behind(proxy, path) {
  const port = await freePort();
  const top = `public_url = "https://localhost:${port}${path}"\ntrusted_proxies = ["127.0.0.1"]\ndrain_seconds = 3\n`;
  const gateway = await serve({ top });
  const program = await proxy(port, new URL(gateway.url).host, path);
  const output = [];
  program.stderr.setEncoding('utf8').on('data', (piece) => output.push(piece));
  const ended = new Promise((resolve) => program.once('exit', resolve));
  await eventually(async () => assert.equal((await send(port, `${path}/healthz`)).status, 200, output.join('')));
  const stop = async () => {
    program.kill('SIGTERM');
    await ended;
    await gateway.stop();
  };
  return { port, gateway, output, stop };
}

const PROXIES = [['nginx', nginx], ['caddy', caddy]];

const origin = (port) => ({ origin: `https://localhost:${port}`, 'content-type': 'application/json' });

for (const [name, proxy] of PROXIES) {
  const skip = missing(name);

  for (const path of ['', '/failover']) {
    test(`behind ${name} ${path === '' ? 'on a host of its own' : 'below a path'} people can sign in, and an oversized body is 413`, { skip, timeout: 60_000 }, async () => {
      const { port, stop, output } = await behind(proxy, path);
      try {
        const browser = await launch();
        try {
          const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
          await page.goto(`https://localhost:${port}${path}/sign-in`);
          await page.getByLabel('User name').fill('ann');
          await page.getByLabel('Password').fill(PASSWORD);
          await page.getByRole('button', { name: 'Sign in', exact: true }).click();
          await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
          assert.equal(new URL(page.url()).pathname.replace(/\/$/, ''), path);
          const cookies = await page.context().cookies();
          assert.deepEqual(cookies.map(({ secure, httpOnly, sameSite }) => [secure, httpOnly, sameSite]).slice(0, 1), [[true, true, 'Strict']]);
        } finally {
          await browser.close();
        }
        const large = { method: 'POST', headers: origin(port), body: Buffer.alloc(3 << 20, ' ') };
        assert.equal((await send(port, `${path}/api/session`, large)).status, 413, output.join(''));
        const elsewhere = { method: 'POST', headers: { ...origin(port), origin: 'https://elsewhere.example' }, body: '{}' };
        assert.equal((await send(port, `${path}/api/session`, elsewhere)).status, 403);
      } finally {
        await stop();
      }
    });
  }

  test(`a load balancer behind ${name} sees that the gateway will stop before it does`, { skip, timeout: 60_000 }, async () => {
    const { port, gateway, stop } = await behind(proxy, '');
    try {
      assert.equal((await send(port, '/readyz')).status, 200);
      const stopped = gateway.pause();
      await eventually(async () => assert.equal((await send(port, '/readyz')).status, 503));
      assert.equal((await send(port, '/healthz')).status, 200, 'all other requests are served');
      assert.equal((await send(port, '/sign-in')).status, 200);
      await stopped;
    } finally {
      await stop();
    }
  });
}
