// Layout: nothing moves on its own, nothing is covered or cut off, at every width and with forced colours.

import assert from 'node:assert/strict';
import { eventually, open, pass, passEverywhere, story, whenRows } from './harness.mjs';
import { recordShifts, shifts } from './support/layout-shifts.mjs';
import { allLive, waitForSource } from './support/sources.mjs';
import { TITLES, path, system } from './support/worlds.mjs';

const slicerGroup = (world) => path('slicers', 'live', system(world, 'live').groups.find(({ name }) => name === 'My Failover Group').id);

const sources = (page) => page.getByRole('list', { name: 'Sources' });

/** The sources visible in the bar, from the left. */
const inBar = async (page) => {
  const items = await sources(page).getByRole('listitem').evaluateAll((all) =>
    all.filter((one) => getComputedStyle(one).opacity === '1').map((one) => [one.getBoundingClientRect().left, one.getAttribute('aria-label').split(':')[0]]),
  );
  return items.toSorted(([a], [b]) => a - b).map(([, name]) => name);
};

const OBSERVED = [
  [1024, '/groups', (page) => page.getByRole('table', { name: 'Failover groups' })],
  [1366, '/', (page) => page.getByRole('list', { name: 'Alarms' }).getByRole('listitem').first()],
  [1440, '/groups', (page) => page.getByRole('table', { name: 'Failover groups' })],
  [1920, '/slicers', (page) => page.getByRole('table', { name: 'Slicer failover groups' })],
];

/**
 * Advances time no faster than every system can be read: Uplynk needs a second of real time for each request. With
 * `passEverywhere`, the vendors' time advances as well.
 */
const passWhileRead = async ({ page, control, reread }, seconds, advance = pass) => {
  for (let passed = 0; passed < seconds; passed += 5) {
    await advance(page, control, 5);
    await reread();
  }
};

for (const [width, address, there] of OBSERVED) {
  story(`nothing moves on ${address} for a minute at ${width}`, { viewport: { width, height: 900 }, timeout: 180_000 }, async (fixtures) => {
    const { page } = fixtures;
    await open(fixtures, address);
    await there(page).waitFor();
    await allLive(page);
    await page.evaluate(recordShifts);
    const top = await page.getByRole('main').boundingBox();
    // Start times reported by two systems are compared by their clocks: a frozen one would seem to drift with each
    // reading.
    await passWhileRead(fixtures, 60, address === '/' ? passEverywhere : pass);
    assert.deepEqual(await shifts(page), []);
    await allLive(page);
    assert.deepEqual(await page.getByRole('main').boundingBox(), top);
  });
}

story('longer ages move no column of the table of groups at 1024', { viewport: { width: 1024, height: 768 } }, async (fixtures) => {
  const { page, control, reread } = fixtures;
  await control('POST', '/reset', { scenario: 'incident' });
  await reread();
  await open(fixtures, '/groups');
  const last = page.getByRole('columnheader', { name: 'Heartbeat of primary' });
  await last.waitFor();
  await allLive(page);
  const before = await last.boundingBox();
  for (let second = 0; second < 15; second += 1) {
    await passEverywhere(page, control, 1);
    assert.deepEqual(await last.boundingBox(), before);
  }
});

story('sources without a place in the bar open behind a button, and the worst comes first', async (fixtures) => {
  const { page, control } = fixtures;
  await open(fixtures, '/');
  await allLive(page);
  const more = page.getByRole('button', { name: /^\d more sources?$/ });
  const titles = Object.values(TITLES);
  const shown = await inBar(page);
  assert.deepEqual(shown, titles.slice(0, shown.length));
  assert.equal(await more.textContent(), `+${titles.length - shown.length}`);
  // Both lines of a source are fully visible.
  const cut = await sources(page).getByRole('button').evaluateAll((all) => all.filter((one) => one.scrollHeight > one.clientHeight).map(({ textContent }) => textContent));
  assert.deepEqual(cut, []);
  const bar = await sources(page).boundingBox();
  await more.click();
  assert.deepEqual((await inBar(page)).toSorted(), titles.toSorted());
  // The list opens at the position of the bar, and a source's pop-up below that.
  const list = await sources(page).boundingBox();
  assert.ok(list.y <= bar.y && Math.abs(list.x - bar.x) <= 13, `it opens at ${list.x}, ${list.y}`);
  await page.keyboard.press('Escape');
  assert.deepEqual(await inBar(page), shown);
  const button = sources(page).getByRole('button', { name: new RegExp(`^${shown.at(-1)}: `) });
  await button.click();
  const [{ x, y, height }, popup] = [await button.boundingBox(), await page.getByRole('group', { name: shown.at(-1), exact: true }).boundingBox()];
  assert.ok(Math.abs(popup.x - x) <= 2 && popup.y >= y + height && popup.y <= y + height + 16, `${shown.at(-1)} opens at ${popup.x}, ${popup.y}`);
  await page.keyboard.press('Escape');
  // Hidden sources cannot be focused.
  const reachable = await sources(page).getByRole('button').evaluateAll((all) => all.filter((one) => one.tabIndex >= 0).length);
  assert.equal(reachable, shown.length);

  await control('POST', '/faults', { connection: 'em-old', fault: { kind: 'status', status: 503 } });
  await passWhileRead(fixtures, 20);
  await waitForSource(page, titles.at(-1), /: STALE/);
  assert.equal((await inBar(page))[0], titles.at(-1));
});

story('the header of a phone is small, and every source is reachable', { viewport: { width: 390, height: 844 } }, async ({ page, visit, world }) => {
  for (const address of ['/', slicerGroup(await world())]) {
    await visit(address);
    await allLive(page);
    const { height, width } = await page.getByRole('banner').boundingBox();
    assert.ok(height <= 110, `the header of ${address} is ${height} px high`);
    assert.ok(width <= 390);
    // The number of sources without a place in the bar depends on the width of the first ones.
    for (const name of ['Refresh now', 'Pause refresh', 'Colour theme', /^[34] more sources$/]) {
      const button = page.getByRole('button', { name, exact: true });
      assert.equal(await button.count(), 1, `${name}`);
      const box = await button.boundingBox();
      assert.ok(box.x >= 0 && box.x + box.width <= 390 && box.height >= 24, `${name} is outside`);
    }
  }
});

story('the message about a wrong clock leaves room for two sources', { now: new Date('2026-11-27T09:00:00Z') }, async ({ page, visit }) => {
  await visit('/');
  await page.getByText(/^This computer's clock is \d+ d ahead$/).waitFor();
  await eventually(async () => assert.ok((await inBar(page)).length >= 2));
});

for (const [size, width] of [[20, 1440], [24, 1440], [32, 1440], [32, 390]]) {
  story(`at a font size of ${size} and a width of ${width} pixels rail and bar do not overlap, and lines do not touch`, { viewport: { width, height: 900 } }, async ({ page, visit, control, reread }) => {
    await control('POST', '/reset', { scenario: 'incident' });
    await reread();
    const session = await page.context().newCDPSession(page);
    await session.send('Page.enable');
    await session.send('Page.setFontSizes', { fontSizes: { standard: size, fixed: size } });
    await visit('/');
    await page.getByRole('list', { name: 'Alarms' }).getByRole('listitem').first().waitFor();
    const found = await page.evaluate(() => {
      const box = (one) => one.getBoundingClientRect();
      const seen = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility() && box(one).width > 2);
      const rail = box(document.querySelector('.rail'));
      const bar = seen('.top > *').map(box);
      const covers = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
      return {
        outside: seen('.rail a, .rail a *').filter((one) => box(one).right > rail.right + 1).map((one) => one.outerHTML),
        covered: bar.filter((one, at) => bar.some((other, place) => place !== at && covers(one, other))).length,
        close: seen('.alarms p').filter((one) => parseFloat(getComputedStyle(one).lineHeight) < 1.2 * parseFloat(getComputedStyle(one).fontSize)).length,
        sideways: document.documentElement.scrollWidth - innerWidth,
      };
    });
    assert.deepEqual(found, { outside: [], covered: 0, close: 0, sideways: 0 });
  });
}

story("on a phone with a wrong clock the header still shows the page's name", { viewport: { width: 390, height: 844 }, now: new Date('2026-11-27T09:00:00Z') }, async ({ page, visit }) => {
  await visit('/groups/plant-a/boiler-opcua');
  await page.getByText(/^This computer's clock is \d+ d ahead$/).waitFor();
  const { width } = await page.getByRole('heading', { level: 1 }).boundingBox();
  assert.ok(width >= 120, `the heading is ${width} px wide`);
});

for (const viewport of [{ width: 1024, height: 768 }, { width: 390, height: 844 }]) {
  story(`the slicer order comes before the picture at ${viewport.width}, and a draft's bar is not cut off`, { viewport }, async ({ page, visit, world, control, reread }) => {
    const { id, slicers } = system(await world(), 'live').groups.find(({ name }) => name === 'My Failover Group');
    const ids = slicers.toSorted((a, b) => a.order - b.order).map((one) => one.id);
    // An unhealthy slicer in first position has the longest warning.
    await control('PATCH', path('systems', 'live', 'groups', id, 'slicers', ids.at(-1)), { healthy: false });
    await reread();
    await visit(path('slicers', 'live', id));
    const order = await page.getByRole('list', { name: 'Slicer order' }).boundingBox();
    assert.ok(order.y < viewport.height, `it begins at ${order.y}`);
    const picture = await page.getByRole('region', { name: /^On air/ }).boundingBox();
    assert.ok(picture.y > order.y);
    await page.getByRole('list', { name: 'Slicer order' }).getByRole('listitem').last().focus();
    await page.keyboard.press('Alt+Home');
    const bar = page.getByRole('region', { name: 'Unsaved order' });
    await bar.getByText(`${ids.at(-1)} comes first but is not ready`).waitFor();
    const cut = await bar.evaluate((one) => {
      const { left, right } = one.getBoundingClientRect();
      const parts = [...one.querySelectorAll('*')].map((part) => [part.textContent, part.getBoundingClientRect()]);
      return parts.filter(([, box]) => box.left < left || box.right > right).map(([text]) => text);
    });
    assert.deepEqual(cut, []);
  });
}

story('at 400 % zoom header and bar scroll away, and nothing covers the page', { viewport: { width: 320, height: 256 } }, async ({ page, visit }) => {
  await visit('/groups');
  await whenRows(page, 'Failover groups', (shown) => assert.ok(shown.length > 0));
  const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
  assert.ok(wide <= 320, `the page is ${wide} px wide`);
  await page.evaluate(() => scrollTo(0, document.querySelector('main').offsetTop + 40));
  for (const part of [page.getByRole('banner'), page.getByRole('navigation', { name: 'Main' })]) {
    const { y, height } = await part.boundingBox();
    assert.ok(y + height <= 0, 'it has not scrolled away');
  }
  const covering = await page.evaluate(() => [4, 128, 250].filter((y) => !document.elementFromPoint(160, y)?.closest('main')));
  assert.deepEqual(covering, []);
});

story('with forced colours, controls have borders and switch states differ', { forcedColors: 'active' }, async ({ page, visit, world }) => {
  await visit(slicerGroup(await world()));
  await page.getByRole('list', { name: 'Slicer order' }).getByRole('listitem').first().waitFor();
  const borders = (selector) =>
    page.locator(selector).evaluateAll((all) => all.filter((one) => one.checkVisibility() && Number.parseFloat(getComputedStyle(one).borderTopWidth) < 1).map((one) => one.outerHTML.slice(0, 120)));
  for (const selector of ['.btn', '.icon', '.tag', '.seg label']) assert.deepEqual(await borders(selector), [], selector);
  // One slicer is made not eligible, so that both switch states exist.
  await page.getByRole('switch', { name: /^Eligible for failover/ }).last().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Make not eligible' }).click();
  await page.getByRole('switch', { name: /^Eligible for failover/, checked: false }).waitFor({ timeout: 20_000 });
  const knob = (on) => page.locator(`[role="switch"][aria-checked="${on}"]`).first().evaluate((one) => getComputedStyle(one, '::before').backgroundImage);
  assert.ok(await page.getByRole('switch', { name: 'Auto failback' }).isVisible());
  assert.notEqual(await knob(true), await knob(false));

  await visit('/groups');
  await whenRows(page, 'Failover groups', (shown) => assert.ok(shown.length > 0));
  for (const selector of ['.chip', '.field', 'meter']) assert.deepEqual(await borders(selector), [], selector);
});

/** Texts that are cut off without an ellipsis and a title with the full text. */
const cut = (page, selector) =>
  page.locator(selector).evaluateAll((all) =>
    all
      .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1)
      .filter((one) => !(getComputedStyle(one).textOverflow === 'ellipsis' && one.title === one.textContent))
      .map((one) => `${one.textContent}: ${one.scrollWidth} in ${one.clientWidth}`),
  );

for (const viewport of [{ width: 1440, height: 900 }, { width: 1920, height: 1080 }, { width: 1024, height: 768 }]) {
  story(`heartbeats are not cut off at ${viewport.width}`, { viewport }, async ({ page, visit, control }) => {
    await control('POST', '/clock/advance', { seconds: 0 });
    for (const address of ['/groups', path('groups', 'plant-a', 'tankfarm-opcua')]) {
      await visit(address);
      await page.locator('.beat').first().waitFor();
      assert.deepEqual(await cut(page, 'td:has(> .beat)'), []);
      assert.deepEqual(await cut(page, 'bdi'), []);
    }
  });
}

for (const width of [641, 720, 960, 1024]) {
  // 720 is the width of a 1440 px window at 200 % zoom.
  story(`every alarm of the overview fits in a few lines at ${width}, within the window`, { viewport: { width, height: 900 } }, async ({ page, visit, control, reread }) => {
    await control('POST', '/reset', { scenario: 'incident' });
    await reread();
    await visit('/');
    const alarms = page.getByRole('list', { name: 'Alarms' }).getByRole('listitem');
    await eventually(async () => assert.ok((await alarms.count()) > 10));
    const looks = await alarms.evaluateAll((all) =>
      all.map((one) => {
        const parts = [one, ...one.querySelectorAll('*')].filter((part) => !part.closest('.vh') && part.checkVisibility());
        const edges = parts.map((part) => part.getBoundingClientRect());
        return {
          text: one.textContent,
          height: one.getBoundingClientRect().height,
          isInside: edges.every(({ left, right }) => left >= 0 && right <= innerWidth),
          isWhole: parts.every((part) => getComputedStyle(part).display === 'inline' || part.scrollWidth <= part.clientWidth + 1),
        };
      }),
    );
    assert.deepEqual(looks.filter(({ height, isInside, isWhole }) => height > 200 || !isInside || !isWhole), []);
  });
}

story('last known ages and the last column are not cut off in the table of groups', async ({ page, visit, control }) => {
  await control('POST', '/faults', { connection: 'plant-a', fault: { kind: 'status', status: 503 } });
  await control('POST', '/observer/advance', { seconds: 104 });
  await visit('/groups');
  const ages = page.getByText(/^last known Normal, 1 min \d+ s ago$/);
  await ages.first().waitFor();
  assert.deepEqual(await cut(page, 'td .sub'), []);
  const [inside, all] = await page.getByRole('region', { name: /, scrollable$/ }).evaluate((one) => [one.clientWidth, one.scrollWidth]);
  assert.ok(all <= inside, `the table is ${all} px wide in ${inside}`);
});

story('long names are cut off at their end, in both directions, with the full name as title', { viewport: { width: 1024, height: 768 } }, async ({ page, visit, product }) => {
  const names = { 'long-one': 'Kiln '.repeat(40).trim(), 'right-to-left': 'مجموعة تجاوز الفشل للفرن الدوار '.repeat(6).trim() };
  for (const [id, Name] of Object.entries(names)) {
    const answer = await fetch(`${product.url}/relay/plant-b/api/v1/clientfailover/groups`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: product.url },
      body: JSON.stringify({ Id: id, Name, FailoverTimeout: '00:01:00' }),
    });
    assert.equal(answer.status, 201, await answer.text());
  }
  await product.reread();
  for (const [id, name] of Object.entries(names)) {
    await visit(`/groups?q=${id}`);
    const link = page.getByRole('link', { name, exact: true });
    await link.waitFor();
    const shown = link.locator('bdi');
    assert.equal(await shown.getAttribute('title'), name);
    const look = await shown.evaluate((one) => ({ direction: getComputedStyle(one).direction, isCut: one.scrollWidth > one.clientWidth, end: getComputedStyle(one).textOverflow }));
    assert.deepEqual(look, { direction: id === 'right-to-left' ? 'rtl' : 'ltr', isCut: true, end: 'ellipsis' });
    await link.click();
    const heading = page.getByRole('heading', { level: 1, name, exact: true });
    await heading.waitFor();
    assert.equal(await heading.getAttribute('title'), name);
  }
});

story('every source of a wall on a phone is fully visible', { viewport: { width: 390, height: 844 } }, async ({ page, visit }) => {
  await visit('/wall');
  const items = page.getByRole('list', { name: 'Sources' }).getByRole('listitem');
  await eventually(async () => assert.equal(await items.count(), Object.keys(TITLES).length));
  const controls = page.getByRole('toolbar', { name: 'Wall controls', includeHidden: true });
  await controls.waitFor({ state: 'attached' });
  await controls.waitFor({ state: 'hidden' });
  const cut = await items.evaluateAll((all) =>
    all
      .filter((one) => {
        const { left, right, bottom } = one.getBoundingClientRect();
        const isCut = [...one.querySelectorAll('*')].some((part) => part.scrollWidth > part.clientWidth + 1 && part.clientWidth > 0 && getComputedStyle(part).display !== 'inline');
        return left < 0 || right > innerWidth || bottom > innerHeight || isCut;
      })
      .map((one) => one.getAttribute('aria-label')),
  );
  assert.deepEqual(cut, []);
});

story('slicer ids keep their direction, and are cut off at their end, with the full id as title', { viewport: { width: 1024, height: 768 } }, async (fixtures) => {
  const { page, control, world, reread } = fixtures;
  const group = system(await world(), 'live').groups.find(({ name }) => name === 'My Failover Group');
  const ids = ['news01', `مقدمة-${'البث'.repeat(30)}`, `a-slicer-${'x'.repeat(120)}`];
  await control('PUT', path('systems', 'live', 'groups', group.id, 'slicers'), { ids });
  // A cached response may be older, and the page's clock is frozen.
  await reread();
  await open(fixtures, path('slicers', 'live', group.id));
  const shown = page.getByRole('list', { name: 'Slicer order' }).locator('.who b bdi');
  await eventually(async () => assert.deepEqual(await shown.evaluateAll((all) => all.map((one) => one.title)), ids));
  const looks = await shown.evaluateAll((all) => all.map((one) => ({ direction: getComputedStyle(one).direction, isInside: one.getBoundingClientRect().right <= one.closest('li').getBoundingClientRect().right })));
  assert.deepEqual(looks, [{ direction: 'ltr', isInside: true }, { direction: 'rtl', isInside: true }, { direction: 'ltr', isInside: true }]);
});

for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
  story(`a notice covers and moves no control at ${viewport.width}`, { viewport }, async ({ page, visit }) => {
    await visit('/failover-sessions?connection=em');
    await whenRows(page, 'Cloud failover sessions', (shown) => assert.ok(shown.length > 0));
    const controls = () =>
      page.getByRole('main').locator('button, a, input, select').evaluateAll((all) =>
        all.filter((one) => one.checkVisibility()).map((one) => [one.getAttribute('aria-label') ?? one.textContent, JSON.stringify(one.getBoundingClientRect())]),
      );
    // Without a notice, the page has the full height.
    assert.equal(await page.locator('.notices').evaluate((one) => one.offsetHeight), 0);
    const button = page.getByRole('button', { name: 'Export CSV' });
    await button.scrollIntoViewIfNeeded();
    const before = await controls();
    const download = page.waitForEvent('download');
    await button.click();
    await download;
    const notice = page.getByRole('status').getByText(/sessions exported/);
    await notice.waitFor();
    assert.deepEqual(await controls(), before);
    const main = await page.getByRole('main').boundingBox();
    const { y } = await notice.boundingBox();
    assert.ok(y >= main.y + main.height, 'the notice lies over the page');
    await eventually(async () => assert.ok(await notice.isVisible()));
  });
}

for (const viewport of [{ width: 1440, height: 900 }, { width: 1024, height: 768 }, { width: 390, height: 844 }]) {
  story(`all failovers of one moment are readable at ${viewport.width}, newest first`, { viewport }, async ({ page, visit, control, world }) => {
    await visit('/groups');
    await page.getByRole('listitem', { name: /^Plant A: live/ }).waitFor();
    const { groups } = system(await world(), 'plant-a');
    const isSoon = ({ FailoverTimeout, Sessions }) => FailoverTimeout <= '00:01:00' && Sessions.length === 2 && Sessions.some(({ Role }) => Role === 'Primary');
    const sites = groups.filter(isSoon).slice(0, 3);
    assert.equal(sites.length, 3);
    for (const { Id, Sessions } of sites) {
      await control('PATCH', path('systems', 'plant-a', 'groups', Id, 'sessions', Sessions.find(({ Role }) => Role === 'Primary').Id), { silent: true });
    }
    await control('POST', '/clock/advance', { seconds: 150 });
    const notices = page.locator('.failovers .notice');
    await eventually(async () => assert.equal(await notices.count(), sites.length), 20_000);
    const { places, hidden } = await notices.evaluateAll((all) => {
      const strip = all[0].closest('.notices');
      return {
        places: all.map((one) => one.getBoundingClientRect()).map(({ left, top }) => [top, left]),
        hidden: strip.scrollHeight - strip.clientHeight,
      };
    });
    assert.ok(hidden <= 1, `${hidden} px have to be scrolled to`);
    // In a column, or from left to right.
    const shown = places.map((place, at) => ({ place, at })).toSorted(({ place: [a, b] }, { place: [c, d] }) => a - c || b - d);
    assert.deepEqual(shown.map(({ at }) => at), sites.map((_, at) => at).toReversed());
  });
}
