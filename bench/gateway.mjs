// Measures the reads per second that the gateway relays, compared with nginx in front of the same vendor: reads of one
// address, which may be shared, and reads of distinct addresses, which may not. Both in turn, with `wrk`. Run it with
// `node bench/gateway.mjs [SECONDS] [ROUNDS]` after `cargo xtask build`; on Debian, first install `nginx-light` and `wrk`.

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

for (const [program, option] of [['nginx', '-v'], ['wrk', '-v']]) {
  if (spawnSync(program, [option]).error) throw new Error(`${program} is missing: apt-get install nginx-light wrk`);
}

/** A port that is currently free. */
const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const folder = await mkdtemp(join(tmpdir(), 'failover-console-bench-'));
const file = (name) => join(folder, name);
const [vendor, proxy, gateway] = [await freePort(), await freePort(), await freePort()];
const status = JSON.stringify({ ClientSessions: Array.from({ length: 10 }, (_, n) => ({ SessionId: `Session${n}`, Role: n === 0 ? 'Primary' : 'Secondary' })) });

// The vendor answers immediately, so that only the proxy in front of it is measured.
await writeFile(
  file('nginx.conf'),
  // The workers write into the folder, which belongs to the current user.
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
const run = (program, ...args) => {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, BENCH_SECRET: 'bench' } });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => output.push(piece));
  running.push(() => child.kill('SIGTERM') && ended);
  return output;
};

/** Reads per second, and their latencies in milliseconds. */
function load(port, path, script) {
  const args = ['-t2', `-c${CLIENTS}`, `-d${SECONDS}s`, '--latency', ...(script ? ['-s', file(script)] : []), `http://127.0.0.1:${port}${path}`];
  const { stdout } = spawnSync('wrk', args, { encoding: 'utf8' });
  const number = (pattern) => {
    const [, value, unit] = pattern.exec(stdout) ?? [];
    if (value === undefined) throw new Error(`unexpected output of wrk: ${stdout}`);
    return Number(value) * ({ us: 0.001, s: 1_000 }[unit] ?? 1);
  };
  if (/Non-2xx/.test(stdout)) throw new Error(`some reads failed: ${stdout}`);
  return { rate: number(/Requests\/sec:\s+([\d.]+)/), median: number(/50%\s+([\d.]+)(us|ms|s)/), p99: number(/99%\s+([\d.]+)(us|ms|s)/) };
}

try {
  run('nginx', '-c', file('nginx.conf'), '-p', folder);
  const output = run(PROGRAM, 'serve', '--config', file('failover-console.toml'));
  const path = `/relay/plant${API}/groups/g/clientsessions`;
  await eventually(async () => {
    for (const port of [proxy, gateway]) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      if ((await response.text()) !== status) throw new Error(`${port} answers ${response.status}: ${output.join('')}`);
    }
  });
  const jobs = [
    { job: 'one address, shared for a second', nginx: [proxy, `/shared${path}`], gateway: [gateway, path] },
    { job: 'distinct addresses', nginx: [proxy, '/', 'distinct.lua'], gateway: [gateway, '/', 'distinct.lua'] },
  ];
  const rows = [];
  for (const { job, ...sides } of jobs) {
    const runs = { nginx: [], gateway: [] };
    for (const side of Object.keys(runs)) load(...sides[side]);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const side of Object.keys(runs)) runs[side].push(load(...sides[side]));
    }
    const of = (side, what) => median(runs[side].map((run) => run[what]));
    const figures = (side) => [of(side, 'rate').toFixed(0), of(side, 'median').toFixed(2), of(side, 'p99').toFixed(2)];
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
