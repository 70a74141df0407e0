// How many reads a second the gateway relays beside nginx, which does the same in front of the same vendor: reads of
// one address, which may be shared, and reads of ever other ones, which may not. In turn, with `wrk`. Run it with
// `node bench/gateway.mjs [SECONDS] [ROUNDS]` after `cargo xtask build` and, on Debian, `apt-get install nginx-light wrk`.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../tests/e2e/support/eventually.mjs';
import { PROGRAM } from '../tests/e2e/support/product.mjs';
import { median, report } from './support/figures.mjs';

const [SECONDS = 5, ROUNDS = 3] = process.argv.slice(2).map(Number);
const CLIENTS = 64;
const API = '/api/v1/clientfailover';

for (const [program, word] of [['nginx', '-v'], ['wrk', '-v']]) {
  if (spawnSync(program, [word]).error) throw new Error(`${program} is not there: apt-get install nginx-light wrk`);
}

/** A port that is free at this moment. */
const free = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const folder = await mkdtemp(join(tmpdir(), 'failover-console-bench-'));
const file = (name) => join(folder, name);
const [vendor, proxy, gateway] = [await free(), await free(), await free()];
const status = JSON.stringify({ ClientSessions: Array.from({ length: 10 }, (_, n) => ({ SessionId: `Session${n}`, Role: n === 0 ? 'Primary' : 'Secondary' })) });

// The vendor answers at once, so that what is measured is what stands before it.
await writeFile(
  file('nginx.conf'),
  // Its workers write into the folder, which is this person's own.
  `${process.getuid() === 0 ? 'user root; ' : ''}worker_processes 2; pid ${file('nginx.pid')}; error_log stderr crit; daemon off;
events { worker_connections 4096; }
http {
  access_log off; client_body_temp_path ${file('body')}; proxy_temp_path ${file('proxy')}; fastcgi_temp_path ${file('fastcgi')};
  uwsgi_temp_path ${file('uwsgi')}; scgi_temp_path ${file('scgi')};
  proxy_cache_path ${file('cache')} keys_zone=shared:10m;
  keepalive_requests 1000000000;
  upstream vendor { server 127.0.0.1:${vendor}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${vendor};
    location = /token { default_type application/json; return 200 '{"access_token":"bench","token_type":"Bearer","expires_in":3600}'; }
    location = ${API}/groups { default_type application/json; return 200 '[]'; }
    location / { default_type application/json; return 200 '${status}'; }
  }
  server {
    listen 127.0.0.1:${proxy};
    proxy_http_version 1.1; proxy_set_header Connection '';
    location /relay/plant/ { proxy_pass http://vendor/; }
    location /shared/relay/plant/ { proxy_cache shared; proxy_cache_valid 1s; proxy_cache_lock on; proxy_pass http://vendor/; }
  }
}
`,
);
await writeFile(
  file('failover-console.toml'),
  `listen = "127.0.0.1:${gateway}"
[store]
path = "memory"
[[connection]]
id = "plant"
title = "Plant"
system = "aveva"
base_url = "http://127.0.0.1:${vendor}"
credentials = { kind = "client-credentials", token_url = "http://127.0.0.1:${vendor}/token", client_id = "bench", client_secret_env = "BENCH_SECRET" }
`,
);
await writeFile(
  file('distinct.lua'),
  `local number, thread = 0, 0
function setup(one) one:set("id", thread); thread = thread + 1 end
function request()
  number = number + 1
  return wrk.format("GET", "/relay/plant${API}/groups/g" .. id .. "-" .. number .. "/clientsessions")
end
`,
);
const running = [];
const run = (program, ...words) => {
  const one = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, BENCH_SECRET: 'bench' } });
  const ended = new Promise((resolve) => one.once('exit', resolve));
  const said = [];
  for (const stream of [one.stdout, one.stderr]) stream.on('data', (piece) => said.push(piece));
  running.push(() => one.kill('SIGTERM') && ended);
  return said;
};

/** The reads a second, and their latencies in milliseconds. */
function load(port, path, script) {
  const words = ['-t2', `-c${CLIENTS}`, `-d${SECONDS}s`, '--latency', ...(script ? ['-s', file(script)] : []), `http://127.0.0.1:${port}${path}`];
  const { stdout } = spawnSync('wrk', words, { encoding: 'utf8' });
  const number = (pattern) => {
    const [, value, unit] = pattern.exec(stdout) ?? [];
    if (value === undefined) throw new Error(`wrk said: ${stdout}`);
    return Number(value) * ({ us: 0.001, s: 1_000 }[unit] ?? 1);
  };
  if (/Non-2xx/.test(stdout)) throw new Error(`not every read was answered well: ${stdout}`);
  return { rate: number(/Requests\/sec:\s+([\d.]+)/), half: number(/50%\s+([\d.]+)(us|ms|s)/), most: number(/99%\s+([\d.]+)(us|ms|s)/) };
}

try {
  run('nginx', '-c', file('nginx.conf'), '-p', folder);
  const said = run(PROGRAM, 'serve', '--config', file('failover-console.toml'));
  const path = `/relay/plant${API}/groups/g/clientsessions`;
  await eventually(async () => {
    for (const port of [proxy, gateway]) {
      const got = await fetch(`http://127.0.0.1:${port}${path}`);
      if ((await got.text()) !== status) throw new Error(`${port} answers ${got.status}: ${said.join('')}`);
    }
  });
  const jobs = [
    { job: 'one address, shared for a second', nginx: [proxy, `/shared${path}`], gateway: [gateway, path] },
    { job: 'ever other addresses', nginx: [proxy, '/', 'distinct.lua'], gateway: [gateway, '/', 'distinct.lua'] },
  ];
  const rows = [];
  for (const { job, ...sides } of jobs) {
    const runs = { nginx: [], gateway: [] };
    for (const side of Object.keys(runs)) load(...sides[side]);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const side of Object.keys(runs)) runs[side].push(load(...sides[side]));
    }
    const of = (side, what) => median(runs[side].map((one) => one[what]));
    const figures = (side) => [of(side, 'rate').toFixed(0), of(side, 'half').toFixed(2), of(side, 'most').toFixed(2)];
    rows.push([job, ...figures('nginx'), ...figures('gateway'), (of('gateway', 'rate') / of('nginx', 'rate')).toFixed(2)]);
  }
  report(
    `Relayed reads, ${CLIENTS} clients, ${ROUNDS} times ${SECONDS} s each`,
    ['', 'nginx: reads/s', 'median, ms', '99th, ms', 'gateway: reads/s', 'median, ms', '99th, ms', 'gateway to nginx'],
    rows,
  );
} finally {
  await Promise.all(running.map((stop) => stop()));
  await rm(folder, { recursive: true });
}
