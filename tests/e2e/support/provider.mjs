// An OpenID Connect provider for stories, with one person whose claims the story sets, and a sign-in page. It has
// another host name than the gateway, so that it is another site to the browser. It verifies only the code challenge;
// the gateway's own tests cover its rejections.

import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';

/** Starts it. Returns `{ issuer, person, stop }`; `person` contains the claims and may be changed. */
export async function startProvider() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const person = { sub: '248289761001', preferred_username: 'ann', groups: [] };
  const codes = new Map();
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  let issuer;

  const token = (nonce) => {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: issuer, aud: 'console', iat: now, exp: now + 60, nonce, ...person };
    const signed = `${encode({ alg: 'ES256', kid: 'one' })}.${encode(claims)}`;
    const key = { key: privateKey, dsaEncoding: 'ieee-p1363' };
    return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
  };

  const answers = {
    '/.well-known/openid-configuration': () => ({
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    }),
    '/keys': () => ({
      keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' }],
    }),
    '/authorize': ({ query }) => {
      const code = randomUUID();
      codes.set(code, query);
      const redirect = (answer) => {
        const back = new URL(query.get('redirect_uri'));
        back.search = new URLSearchParams({ state: query.get('state'), ...answer });
        return back.href.replaceAll('&', '&amp;');
      };
      return `<!doctype html><html lang="en"><title>Provider</title><link rel="icon" href="data:,"><h1>Provider</h1>
        <a href="${redirect({ code })}">Go on as ann</a> <a href="${redirect({ error: 'access_denied' })}">Turn back</a>`;
    },
    '/token': ({ form }) => {
      const authorization = codes.get(form.get('code'));
      codes.delete(form.get('code'));
      const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
      if (authorization?.get('code_challenge') !== challenge) return undefined;
      return { access_token: 'none', token_type: 'Bearer', id_token: token(authorization.get('nonce')) };
    },
  };

  const server = createServer(async (request, response) => {
    const { pathname, searchParams: query } = new URL(request.url, 'http://localhost');
    let body = '';
    for await (const piece of request) body += piece;
    const answer = answers[pathname]?.({ query, form: new URLSearchParams(body) });
    const type = typeof answer === 'string' ? 'text/html' : 'application/json';
    response.writeHead(answer ? 200 : 400, { 'content-type': type });
    response.end(type === 'text/html' ? answer : JSON.stringify(answer ?? { error: 'invalid_grant' }));
  });
  await new Promise((resolve) => server.listen(0, 'localhost', resolve));
  issuer = `http://localhost:${server.address().port}`;
  const stop = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return { issuer, person, stop };
}
