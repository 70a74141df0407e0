// The gateway's inventory, and a way to change a given number of its groups.

import assert from 'node:assert/strict';
import { eventually } from '../../tests/e2e/support/eventually.mjs';
import { sleep } from './pages.mjs';

const inventory = async (product, after = '') => (await fetch(`${product.url}/api/inventory${after}`)).json();

/** The inventory, once the gateway has read every group. */
export async function everything(product) {
  for (;;) {
    const world = await inventory(product);
    const read = world.connections.every((connection) => connection.observed_at);
    if (read && world.resources.every((resource) => resource.observed !== 'never')) return world;
    await sleep(500);
  }
}

/**
 * Posts a heartbeat for the primary of each of these groups of `plant-b`, with data processed at `at`, and waits until
 * the gateway has read them. Nothing else changes for the gateway while it polls rarely. Returns when the last group
 * processed data, as the gateway read it: the group's adapter may have posted a later time in between.
 */
export async function beat(product, groups, at) {
  const { revision } = await inventory(product);
  for (const { id, facts } of groups) {
    const session = `${encodeURIComponent(id)}/clientsessions/${encodeURIComponent(facts.failover_group.primary)}`;
    const post = () =>
      fetch(`${product.url}/relay/plant-b/api/v1/clientfailover/groups/${session}/heartbeat`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: product.url },
        body: JSON.stringify({ FailoverScore: 100, LastDataProcessedTime: at.toISOString() }),
      });
    // The vendor accepts one heartbeat per second, and the adapter may just have posted one.
    await eventually(async () => {
      const answer = await post();
      assert.equal(answer.status, 200, await answer.text());
    });
  }
  for (;;) {
    const { times = [] } = await inventory(product, `?after=${revision}`);
    const read = new Map(times.filter(({ connection }) => connection === 'plant-b').map((one) => [one.id, one.last_data]));
    if (groups.every(({ id }) => read.has(id))) return new Date(read.get(groups.at(-1).id));
    await sleep(20);
  }
}
