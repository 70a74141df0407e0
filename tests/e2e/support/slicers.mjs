// The page of a slicer group, as the stories about it use it.

import assert from 'node:assert/strict';
import { eventually } from './eventually.mjs';
import { path, system } from './worlds.mjs';

/** The items of the list. */
export const items = (page) => page.getByRole('list', { name: 'Slicer order' }).getByRole('listitem');

/** The slicers in the order of the screen. */
export const shown = (page) =>
  items(page).evaluateAll((all) => all.map((item) => item.getAttribute('aria-label').split(',')[0]));

/** The slicers in the order that the service holds. */
export const inOrder = (group) => group.slicers.toSorted((a, b) => a.order - b.order).map(({ id }) => id);

const groups = async (world) => system(await world(), 'live').groups;

/** The first group that is as wanted. */
export const find = async (world, wanted) => (await groups(world)).find(wanted);

/** A group as the service holds it now. */
export const now = async (world, id) => (await groups(world)).find((group) => group.id === id);

/** Whether a group is prioritized, of three slicers or more. */
export const ordered = ({ mode, slicers }) => mode === 'prioritized' && slicers.length >= 3;

/** Opens the page of the first group that is as wanted. */
export async function open({ page, visit, world }, wanted = ordered) {
  const group = await find(world, wanted);
  await visit(path('slicers', 'live', group.id));
  await eventually(async () => assert.deepEqual(await shown(page), inOrder(group)));
  return group;
}

/** The bar of the draft. */
export const bar = (page) => page.getByRole('region', { name: 'Unsaved order' });

/** The middle of a locator, in the window. */
export async function middle(locator) {
  const box = await locator.boundingBox();
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** The grip of the item at an index. */
export const grip = (page, at) => items(page).nth(at).locator('[data-grip]');

/** Saves the draft and waits until it is saved. */
export async function save(page) {
  await bar(page).getByRole('button', { name: 'Save order' }).click();
  await page.getByRole('status').getByText('Order saved and verified.').waitFor({ timeout: 20_000 });
}

/** From now on the service finds a group neither in its list nor by itself. */
export async function hide(control, id) {
  const faulty = (operation, fault) => control('POST', '/faults', { connection: 'live', operation, fault });
  await faulty('list groups', { kind: 'replace', find: `"id":"${id}"`, with: '"id":[7]' });
  await faulty('get group', { kind: 'status', status: 404 });
}

/** What the page says of a group that is hidden. */
export const hidden = (page, id) => page.getByText(`has no slicer failover group “${id}”.`);

/** Collects what the list shows in each frame from now on: position, name and the picture that is seen, by row. */
export const watched = async (page) => {
  await page.evaluate(() => {
    window.frames_ = [];
    const look = () => {
      const items = [...document.querySelectorAll('ol[aria-label="Slicer order"] > li')];
      window.frames_.push(items.map((item) => {
        const img = item.querySelector('img');
        const isSeen = img && img.naturalWidth > 0 && getComputedStyle(img).visibility !== 'hidden';
        return {
          id: item.querySelector('b').textContent,
          name: item.getAttribute('aria-label'),
          position: item.querySelector('.pos').textContent,
          picture: isSeen ? decodeURIComponent(img.currentSrc) : '',
          // Until it is, a browser goes on showing the picture of the address before.
          isWhole: img?.complete,
        };
      }));
      requestAnimationFrame(look);
    };
    look();
  });
  return () => page.evaluate(() => window.frames_);
};
