// Helpers for the page of a slicer group.

import assert from 'node:assert/strict';
import { eventually } from './eventually.mjs';
import { path, system } from './worlds.mjs';

/** The items of the list. */
export const items = (page) => page.getByRole('list', { name: 'Slicer order' }).getByRole('listitem');

/** The displayed order of the slicers. */
export const shown = (page) =>
  items(page).evaluateAll((all) => all.map((item) => item.getAttribute('aria-label').split(',')[0]));

/** The order of the slicers in the service. */
export const inOrder = (group) => group.slicers.toSorted((a, b) => a.order - b.order).map(({ id }) => id);

const groups = async (world) => system(await world(), 'live').groups;

/** The first group that matches. */
export const findGroup = async (world, wanted) => (await groups(world)).find(wanted);

/** The current state of a group in the service. */
export const currentGroup = async (world, id) => (await groups(world)).find((group) => group.id === id);

/** Whether a group is prioritized, with at least three slicers. */
export const isPrioritized = ({ mode, slicers }) => mode === 'prioritized' && slicers.length >= 3;

/** Opens the page of the first group that matches. */
export async function openGroup({ page, visit, world }, wanted = isPrioritized) {
  const group = await findGroup(world, wanted);
  await visit(path('slicers', 'live', group.id));
  await eventually(async () => assert.deepEqual(await shown(page), inOrder(group)));
  return group;
}

/** The bar of an unsaved order. */
export const draftBar = (page) => page.getByRole('region', { name: 'Unsaved order' });

/** The focused slicer. */
export const focused = (page) => page.evaluate(() => document.activeElement.getAttribute('aria-label')?.split(',')[0]);

/** The middle of an element in the window. */
export async function centreOf(locator) {
  const box = await locator.boundingBox();
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** The grip of the item at an index. */
export const grip = (page, at) => items(page).nth(at).locator('[data-grip]');

/** Saves the draft and waits until it is saved. */
export async function save(page) {
  await draftBar(page).getByRole('button', { name: 'Save order' }).click();
  await page.getByRole('status').getByText('Order saved and verified.').waitFor({ timeout: 20_000 });
}

/** Makes the service omit a group from its list and answer 404 to its own address. */
export async function hideGroup(control, id) {
  const faulty = (operation, fault) => control('POST', '/faults', { connection: 'live', operation, fault });
  await faulty('list groups', { kind: 'replace', find: `"id":"${id}"`, with: '"id":[7]' });
  await faulty('get group', { kind: 'status', status: 404 });
}

/** The page's message about a group that is not found. */
export const notFoundMessage = (page, id) => page.getByText(`has no slicer failover group “${id}”.`);

/** Records the list in each frame from now on: id, position, accessible name and visible picture of each row. */
export const recordFrames = async (page) => {
  await page.evaluate(() => {
    window.frames_ = [];
    const record = () => {
      const items = [...document.querySelectorAll('ol[aria-label="Slicer order"] > li')];
      window.frames_.push(items.map((item) => {
        const img = item.querySelector('img');
        const isSeen = img && img.naturalWidth > 0 && getComputedStyle(img).visibility !== 'hidden';
        return {
          id: item.querySelector('b').textContent,
          name: item.getAttribute('aria-label'),
          position: item.querySelector('.pos').textContent,
          picture: isSeen ? decodeURIComponent(img.currentSrc) : '',
          // Until a picture is complete, the browser still shows the previous one.
          isComplete: img?.complete,
        };
      }));
      requestAnimationFrame(record);
    };
    record();
  });
  return () => page.evaluate(() => window.frames_);
};
