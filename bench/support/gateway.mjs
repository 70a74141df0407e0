// What the gateway knows, and a plant that is busy with exactly as much as is measured.

import assert from 'node:assert/strict';
import { eventually } from '../../tests/e2e/support/eventually.mjs';
import { sleep } from './pages.mjs';

const inventory = async (product, after = '') => (await fetch(`${product.url}/api/inventory${after}`)).json();

/** Everything that the gateway knows, once it has read every group. */
export async function everything(product) {
  for (;;) {
    const world = await inventory(product);
    const read = world.connections.every((one) => one.observed_at);
    if (read && world.resources.every((one) => one.observed !== 'never')) return world;
    await sleep(500);
  }
}

/**
 * Has the primaries of these groups of `plant-b` say that they are there and processed data at `at`, and waits until the
 * gateway has read each again. Nothing else of the plant changes for the gateway while it reads seldom. Answers when data
 * was processed in the last of them, as the gateway knows it: its adapter may just have said something later.
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
    // The vendor takes one a second, and the adapter itself may just have posted one.
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
