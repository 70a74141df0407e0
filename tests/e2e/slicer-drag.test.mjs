// Reordering slicers by pointer: mouse, touch, scrolling at the edges, cancelling; and each input method by itself, as
// WCAG 2.2 requires.

import assert from 'node:assert/strict';
import { eventually, story } from './harness.mjs';
import { pageRequests } from './support/requests.mjs';
import { draftBar, findGroup, focused, grip, inOrder, items, centreOf, currentGroup, openGroup, isPrioritized, save, shown, recordFrames } from './support/slicers.mjs';
import { path } from './support/worlds.mjs';

/** Lifts an item by its grip and holds it over the middle of another one, or at a point. */
async function hold(page, from, to) {
  const start = await centreOf(grip(page, from));
  const end = typeof to === 'number' ? await centreOf(items(page).nth(to)) : to;
  await page.mouse.move(start.x, start.y);
  await page.mouse.down();
  await page.mouse.move(start.x, start.y + (end.y > start.y ? 8 : -8), { steps: 2 });
  await page.mouse.move(typeof to === 'number' ? start.x : end.x, end.y, { steps: 6 });
}

const lifted = (page) => page.locator('[data-lifted]');

story('a slicer is dragged by its grip to another position', async (fixtures) => {
  const { page, world } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  const last = ids.length - 1;
  await hold(page, last, 0);
  await lifted(page).waitFor();
  await page.getByText(new RegExp(`^Position 1, was ${ids.length}\\. `)).waitFor();
  assert.deepEqual(await shown(page), ids, 'nothing has moved yet');
  await page.mouse.up();
  const wanted = [ids[last], ...ids.slice(0, last)];
  await eventually(async () => assert.deepEqual(await shown(page), wanted));
  await page.getByRole('status').getByText(`${ids[last]} moved from position ${ids.length} to 1 of ${ids.length}`).waitFor();
  assert.equal(await lifted(page).count(), 0);
  await eventually(async () => assert.equal(await focused(page), ids[last]));
  await save(page);
  assert.deepEqual(inOrder(await currentGroup(world, group.id)), wanted);
});

story('after a drop each slicer has its own picture, in every frame', async (fixtures) => {
  const { page } = fixtures;
  const group = await openGroup(fixtures);
  let ids = inOrder(group);
  const pictures = page.getByRole('list', { name: 'Slicer order' }).locator('img');
  const loaded = () =>
    eventually(async () => {
      const all = await pictures.evaluateAll((imgs) => imgs.map((img) => img.naturalWidth > 0 && getComputedStyle(img).visibility === 'visible'));
      assert.ok(all.length > 0 && all.every(Boolean));
    });
  await loaded();
  for (const [from, to] of [[ids.length - 1, 0], [0, 2], [1, 0]]) {
    const frames = await recordFrames(page);
    await hold(page, from, to);
    await lifted(page).waitFor();
    await page.mouse.up();
    const moved = ids.toSpliced(from, 1).toSpliced(to, 0, ids[from]);
    await eventually(async () => assert.deepEqual(await shown(page), moved));
    await loaded();
    const seen = (await frames()).flat().filter(({ picture }) => picture !== '');
    for (const { id, picture, isComplete } of seen) assert.ok(isComplete && new URL(picture).pathname.endsWith(`/${id}`), `${picture} beside ${id}`);
    const [last] = (await frames()).slice(-1);
    assert.deepEqual(last.map(({ id }) => id), moved);
    ids = moved;
  }
});

for (const [how, end] of [
  ['Escape cancels a drag', (page) => page.keyboard.press('Escape')],
  ['dropping outside the list cancels a drag', async (page) => {
    await page.mouse.move(40, 400, { steps: 3 });
    await page.mouse.up();
  }],
  ['dropping at the original position changes nothing', async (page, { x, y }) => {
    await page.mouse.move(x, y, { steps: 4 });
    await page.mouse.up();
  }],
]) {
  story(how, async (fixtures) => {
    const { page } = fixtures;
    const group = await openGroup(fixtures);
    const ids = inOrder(group);
    const start = await centreOf(grip(page, ids.length - 1));
    await hold(page, ids.length - 1, 0);
    await lifted(page).waitFor();
    await end(page, start);
    await eventually(async () => assert.equal(await lifted(page).count(), 0));
    await page.mouse.up();
    await page.getByRole('status').getByText(`${ids.at(-1)} stays at position ${ids.length} of ${ids.length}`).waitFor();
    assert.deepEqual(await shown(page), ids);
    assert.equal(await draftBar(page).count(), 0);
    const offset = await items(page).evaluateAll((all) => all.map((item) => item.style.translate).join(''));
    assert.equal(offset, '', 'no row is displaced');
  });
}

story('a refresh during a drag neither drops the slicer nor hides changes', async (fixtures) => {
  const { page, control } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  await hold(page, ids.length - 1, 0);
  await lifted(page).waitFor();
  await control('PATCH', `/systems/live/groups/${group.id}/slicers/${ids.at(-1)}`, { healthy: false });
  await items(page).last().getByText('Unhealthy').waitFor({ timeout: 20_000 });
  await control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids: [...ids, 'late01'] });
  const requested = pageRequests(page);
  await eventually(() => assert.ok(requested.relay.length >= 2, `${requested.relay.length} polls`), 30_000);
  assert.equal(await lifted(page).count(), 1);
  assert.equal(await items(page).count(), ids.length, 'the new slicer is not shown yet');
  await page.mouse.up();
  await eventually(async () => assert.deepEqual(await shown(page), [ids.at(-1), ...ids.slice(0, -1), 'late01']));
});

story('while a slicer is dragged, keys move no other, and it is the one dropped', async (fixtures) => {
  const { page } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  await page.getByRole('button', { name: `Move down ${ids[0]}` }).click();
  const before = [ids[1], ids[0], ...ids.slice(2)];
  await eventually(async () => assert.deepEqual(await shown(page), before));
  await items(page).nth(1).focus();
  await hold(page, ids.length - 1, 0);
  await lifted(page).waitFor();
  for (const keys of ['Control+z', 'Alt+ArrowDown', 'Alt+Home']) await page.keyboard.press(keys);
  assert.deepEqual(await shown(page), before);
  await page.mouse.up();
  await eventually(async () => assert.deepEqual(await shown(page), [before.at(-1), ...before.slice(0, -1)]));
});

// In a low window the whole page scrolls instead of the part below its header.
for (const [where, viewport, slicers] of [['', { width: 1440, height: 900 }, 40], [' of a low window', { width: 720, height: 380 }, 15]]) {
  story(`a long list scrolls while a slicer is held at its edge${where}`, { viewport }, async (fixtures) => {
    const { page, visit, world, control } = fixtures;
    const group = await findGroup(world, isPrioritized);
    const ids = Array.from({ length: slicers }, (_, n) => `cam${String(n + 1).padStart(2, '0')}`);
    await control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids });
    await visit(path('slicers', 'live', group.id));
    await eventually(async () => assert.equal(await items(page).count(), slicers));
    await grip(page, 0).scrollIntoViewIfNeeded();
    const edge = viewport.height - 40;
    await hold(page, 0, { x: 600, y: edge });
    await eventually(async () => {
      await page.mouse.move(600 + Math.random(), edge);
      // During a drag only items near the window are rendered.
      const last = items(page).filter({ hasText: ids.at(-1) });
      assert.equal(await last.count(), 1);
      assert.ok(await last.evaluate((item) => item.getBoundingClientRect().bottom < innerHeight + 1));
    }, 20_000);
    await page.mouse.move(600, viewport.height - 10, { steps: 3 });
    await page.mouse.up();
    await eventually(async () => assert.equal((await shown(page)).indexOf('cam01'), slicers - 1));
  });
}

for (const [when, isHeld] of [['the pointer entered', false], ['it was pressed', true]]) {
  story(`a row that has changed its slicer since ${when} needs a second drag`, async (fixtures) => {
    const { page, control } = fixtures;
    const group = await openGroup(fixtures);
    const ids = inOrder(group);
    const start = await centreOf(grip(page, 2));
    await page.mouse.move(start.x, start.y);
    if (isHeld) await page.mouse.down();
    const order = [ids[0], ids[2], ids[1], ...ids.slice(3)];
    await control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids: order });
    await eventually(async () => assert.deepEqual(await shown(page), order), 20_000);
    const drag = async () => {
      const end = await centreOf(items(page).first());
      await page.mouse.move(start.x, start.y - 8, { steps: 2 });
      await page.mouse.move(start.x, end.y, { steps: 6 });
      await lifted(page).waitFor();
      await page.mouse.up();
    };
    if (!isHeld) await page.mouse.down();
    await drag();
    await page.getByRole('status').getByText(`the order has changed, and ${ids[1]} is now where ${ids[2]} was.`).waitFor();
    assert.deepEqual(await shown(page), order);
    assert.equal(await draftBar(page).count(), 0);
    await page.mouse.move(start.x, start.y);
    await page.mouse.down();
    await drag();
    await eventually(async () => assert.deepEqual(await shown(page), [ids[1], ids[0], ids[2], ...ids.slice(3)]));
  });
}

for (const [ending, end] of [['released', (page) => page.mouse.up()], ['cancelled', (page) => page.keyboard.press('Escape')]]) {
  story(`during a drag only nearby rows are rendered, and nothing moves when it is ${ending}`, async (fixtures) => {
    const { page, visit, world, control } = fixtures;
    const group = await findGroup(world, isPrioritized);
    const ids = Array.from({ length: 120 }, (_, n) => `cam${String(n + 1).padStart(3, '0')}`);
    await control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids });
    await visit(path('slicers', 'live', group.id));
    await eventually(async () => assert.equal(await items(page).count(), 120));
    // The last part of the page has loaded.
    await page.getByRole('img', { name: 'On air over time' }).waitFor();
    const row = items(page).filter({ hasText: 'cam060' });
    await row.evaluate((item) => item.scrollIntoView({ block: 'center' }));
    const place = () =>
      row.evaluate((item) => [Math.round(item.getBoundingClientRect().top), item.parentElement.offsetHeight]);
    // Rows have an estimated height until they have been rendered.
    let before;
    await eventually(async () => {
      const last = before;
      before = await place();
      assert.deepEqual(before, last);
    });
    const start = await centreOf(grip(page, 59));
    await page.mouse.move(start.x, start.y);
    await page.mouse.down();
    assert.ok((await items(page).count()) < 60);
    assert.deepEqual(await place(), before);
    await page.mouse.move(start.x, start.y + 20, { steps: 3 });
    await page.mouse.move(start.x, start.y, { steps: 3 });
    await lifted(page).waitFor();
    await end(page);
    await eventually(async () => assert.equal(await items(page).count(), 120));
    assert.deepEqual(await shown(page), ids);
    assert.deepEqual(await place(), before);
    await page.mouse.up();
  });
}

const views = [['100 %', {}], ['200 %', { viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 }], ['the width of a phone', { viewport: { width: 390, height: 844 } }]];
for (const [zoom, options] of views) {
  story(`a slicer dragged while the list scrolls is dropped at the pointer, at ${zoom}`, options, async (fixtures) => {
    const { page, visit, world, control } = fixtures;
    const group = await findGroup(world, isPrioritized);
    const ids = Array.from({ length: 40 }, (_, n) => `cam${String(n + 1).padStart(2, '0')}`);
    await control('PUT', `/systems/live/groups/${group.id}/slicers`, { ids });
    await visit(path('slicers', 'live', group.id));
    await eventually(async () => assert.equal(await items(page).count(), 40));
    for (const scroll of [() => page.mouse.wheel(0, 100), () => page.mouse.wheel(0, -230), () => page.keyboard.press('ArrowDown')]) {
      await items(page).nth(9).focus();
      await items(page).nth(9).evaluate((item) => item.scrollIntoView({ block: 'center' }));
      const start = await centreOf(grip(page, 9));
      await page.mouse.move(start.x, start.y);
      await page.mouse.down();
      await page.mouse.move(start.x, start.y + 8, { steps: 2 });
      await page.mouse.move(start.x, start.y, { steps: 2 });
      await lifted(page).waitFor();
      await page.evaluate(() => {
        // Scrolling by wheel or keys is animated: two equal frames are not its end.
        globalThis.scrolled = new Promise((resolve) => {
          document.addEventListener('scrollend', resolve, { once: true, capture: true });
        });
        addEventListener('pointerup', ({ clientY }) => {
          const items = [...document.querySelectorAll('ol[aria-label="Slicer order"] > li')];
          const { top } = items[0].closest('.order').getBoundingClientRect();
          globalThis.under = items.findIndex((item) => top + item.offsetTop + item.offsetHeight > clientY);
        }, { once: true, capture: true });
      });
      await scroll();
      await page.evaluate(() => globalThis.scrolled);
      // Without moving the pointer: only the list has moved.
      await page.mouse.up();
      const target = await page.evaluate(() => globalThis.under);
      await eventually(async () => assert.deepEqual(await shown(page), ids.toSpliced(9, 1).toSpliced(target, 0, ids[9])));
      if (target !== 9) await draftBar(page).getByRole('button', { name: 'Discard changes' }).click();
      await eventually(async () => assert.deepEqual(await shown(page), ids));
    }
  });
}

const touch = { hasTouch: true, isMobile: true, viewport: { width: 412, height: 915 } };

story('WCAG 2.5.7: by touch alone a slicer can be dragged, moved by a tap, and saved', touch, async (fixtures) => {
  const { page, world } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  await grip(page, 1).scrollIntoViewIfNeeded();
  const client = await page.context().newCDPSession(page);
  const send = (type, point) =>
    client.send('Input.dispatchTouchEvent', { type, touchPoints: point ? [{ x: point.x, y: point.y, id: 1 }] : [] });
  const start = await centreOf(grip(page, 0));
  const end = await centreOf(grip(page, 1));
  const scrolled = () => page.evaluate(() => document.querySelector('main').scrollTop);
  const before = await scrolled();
  await send('touchStart', start);
  for (let step = 1; step <= 8; step += 1) {
    await send('touchMove', { x: start.x, y: start.y + ((end.y - start.y) * 1.2 * step) / 8 });
  }
  await lifted(page).waitFor();
  await page.getByText('Position 2, was 1. ').waitFor();
  // Lifting a moving finger would fling the page, and the next tap would only stop the fling.
  const still = { x: start.x, y: start.y + (end.y - start.y) * 1.2 };
  for (let frame = 0; frame < 12; frame += 1) {
    await send('touchMove', still);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  await send('touchEnd');
  await eventually(async () => assert.deepEqual(await shown(page), [ids[1], ids[0], ...ids.slice(2)]));
  assert.equal(await scrolled(), before, 'a drag by the grip does not scroll');
  await eventually(async () => assert.equal(await focused(page), ids[0]));
  await page.getByRole('button', { name: `Move down ${ids[0]}` }).tap();
  const wanted = [ids[1], ids[2], ids[0], ...ids.slice(3)];
  await eventually(async () => assert.deepEqual(await shown(page), wanted));
  await draftBar(page).getByRole('button', { name: 'Save order' }).tap();
  await page.getByRole('status').getByText('Order saved and verified.').waitFor({ timeout: 20_000 });
  assert.deepEqual(inOrder(await currentGroup(world, group.id)), wanted);
});

story('a second finger in the list neither ends nor affects a drag', touch, async (fixtures) => {
  const { page } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  await grip(page, 0).evaluate((one) => one.scrollIntoView({ block: 'center' }));
  const client = await page.context().newCDPSession(page);
  const send = (type, ...points) =>
    client.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(({ x, y }, at) => ({ x, y, id: at + 1 })) });
  const frame = () => page.evaluate(() => new Promise(requestAnimationFrame));
  const [start, end] = [await centreOf(grip(page, 0)), await centreOf(grip(page, 1))];
  const other = await centreOf(grip(page, 2));
  const first = { x: start.x, y: start.y + (end.y - start.y) * 1.2 };
  await send('touchStart', start);
  for (let step = 1; step <= 8; step += 1) await send('touchMove', { x: start.x, y: start.y + ((first.y - start.y) * step) / 8 });
  await page.getByText('Position 2, was 1. ').waitFor();
  await send('touchStart', first, other);
  await send('touchMove', first, { x: other.x, y: other.y + 20 });
  await frame();
  // Omitting a touch point lifts it.
  await send('touchMove', first);
  await frame();
  await frame();
  assert.equal(await lifted(page).count(), 1);
  await page.getByText('Position 2, was 1. ').waitFor();
  await send('touchEnd');
  await eventually(async () => assert.deepEqual(await shown(page), [ids[1], ids[0], ...ids.slice(2)]));
});

story('WCAG 2.1.1: by keyboard alone a slicer can be moved, a position typed, and the order saved', async (fixtures) => {
  const { page, world } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  const active = () => page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim());
  const tabTo = async (name) => {
    for (let step = 0; step < 120; step += 1) {
      if ((await active()).startsWith(name)) return;
      await page.keyboard.press('Tab');
    }
    assert.fail(`Tab does not reach ${name}`);
  };
  await tabTo(`${ids[0]}, position`);
  await page.keyboard.press('Alt+ArrowDown');
  await eventually(async () => assert.deepEqual((await shown(page)).slice(0, 2), [ids[1], ids[0]]));
  await tabTo(`Move to position ${ids[0]}`);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByLabel('Position').waitFor();
  await page.keyboard.type(String(ids.length));
  await page.keyboard.press('Enter');
  const wanted = [...ids.slice(1), ids[0]];
  await eventually(async () => assert.deepEqual(await shown(page), wanted));
  await tabTo('Save order');
  await page.keyboard.press('Enter');
  await page.getByRole('status').getByText('Order saved and verified.').waitFor({ timeout: 20_000 });
  assert.deepEqual(inOrder(await currentGroup(world, group.id)), wanted);
});

story('WCAG 2.5.7: by single clicks alone every order can be reached', async (fixtures) => {
  const { page } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  const backwards = ids.toReversed();
  for (const [at, id] of backwards.entries()) {
    while ((await shown(page)).indexOf(id) > at) {
      const before = (await shown(page)).indexOf(id);
      await page.getByRole('button', { name: `Move up ${id}`, exact: true }).click();
      await eventually(async () => assert.equal((await shown(page)).indexOf(id), before - 1));
    }
  }
  assert.deepEqual(await shown(page), backwards);
});

for (const [screen, options] of [['a wide screen', {}], ['a phone', touch]]) {
  story(`WCAG 2.5.8: every target of the list is at least 24 by 24 on ${screen}`, options, async (fixtures) => {
    const { page } = fixtures;
    await openGroup(fixtures);
    const small = await page.locator('main button, main input, main [data-grip]').evaluateAll((all) =>
      all
        .map((one) => [one.getAttribute('aria-label') ?? one.textContent, one.getBoundingClientRect()])
        .filter(([, box]) => box.width > 0 && (box.width < 24 || box.height < 24))
        .map(([name, box]) => `${name}: ${box.width} × ${box.height}`),
    );
    assert.deepEqual(small, []);
  });
}

story('WCAG 4.1.3: a move is announced without moving the focus out of the list', async (fixtures) => {
  const { page } = fixtures;
  const group = await openGroup(fixtures);
  const ids = inOrder(group);
  const status = page.getByRole('region', { name: 'Slicer order' }).getByRole('status').first();
  await page.getByRole('button', { name: `Move down ${ids[0]}` }).click();
  await eventually(async () => assert.equal(await status.textContent(), `${ids[0]} moved from position 1 to 2 of ${ids.length}`));
  const inside = () => page.evaluate(() => document.activeElement.closest('ol')?.getAttribute('aria-label'));
  await eventually(async () => assert.equal(await inside(), 'Slicer order'));
});

story('with reduced motion, rows make room without animation', { reducedMotion: 'reduce' }, async (fixtures) => {
  const { page } = fixtures;
  const group = await openGroup(fixtures);
  await hold(page, group.slicers.length - 1, 0);
  await lifted(page).waitFor();
  const times = await items(page).evaluateAll((all) => all.map((item) => getComputedStyle(item).transitionDuration));
  assert.deepEqual([...new Set(times)], ['0s']);
  await page.mouse.up();
});
