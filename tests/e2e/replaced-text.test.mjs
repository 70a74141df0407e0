// Page translators and extensions, which replace the text nodes of a page with copies.

import assert from 'node:assert/strict';
import { eventually, story } from './harness.mjs';

/** Replaces every text with a copy inside of `<font>`, as translators do, on load and after every change. */
const translate = () => {
  const replace = (node) => {
    const texts = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    const found = [];
    while (texts.nextNode()) found.push(texts.currentNode);
    for (const text of found) {
      const parent = text.parentElement;
      if (!parent || !text.data.trim() || parent.closest('script, style, svg, [data-copy]')) continue;
      const copy = document.createElement('font');
      copy.dataset.copy = '';
      copy.textContent = text.data;
      text.replaceWith(copy);
    }
  };
  const observer = new MutationObserver((records) => {
    for (const { addedNodes, target } of records) {
      for (const node of addedNodes) if (node.isConnected) replace(node.nodeType === 3 ? target : node);
    }
  });
  addEventListener('DOMContentLoaded', () => {
    observer.observe(document.body, { childList: true, subtree: true });
    replace(document.body);
  });
};

/** Replaces every text of the console with a copy once. */
const replaceOnce = (page) =>
  page.evaluate(() => {
    const texts = document.createTreeWalker(document.getElementById('console'), NodeFilter.SHOW_TEXT);
    const found = [];
    while (texts.nextNode()) found.push(texts.currentNode);
    for (const text of found.filter(({ data }) => data.trim())) {
      const copy = document.createElement('font');
      copy.textContent = text.data;
      text.replaceWith(copy);
    }
  });

const BANNER = /translation or an extension replaces text on this page/;

story('the console opts out of translation', async ({ page, visit }) => {
  await visit('/');
  const html = page.locator('html');
  assert.equal(await html.getAttribute('translate'), 'no');
  assert.match(await html.getAttribute('class'), /notranslate/);
  assert.equal(await page.getByText(BANNER).count(), 0);
});

story('a wall whose texts are replaced still shows the current state, with a warning', async ({ page, visit, control }) => {
  await page.addInitScript(translate);
  await visit('/wall');
  await page.getByRole('list', { name: 'Sources' }).getByRole('listitem', { name: /Plant A.*live/ }).waitFor();
  await control('POST', '/faults', { connection: 'plant-a', fault: { kind: 'status', status: 503 } });
  await control('POST', '/observer/advance', { seconds: 40 });
  const source = page.getByRole('list', { name: 'Sources' }).getByRole('listitem', { name: /Plant A.*STALE/ });
  await source.filter({ hasText: 'STALE' }).waitFor();
  await page.locator('.strip').filter({ hasText: BANNER }).waitFor();
});

story('a page whose texts were replaced shows a warning, is rendered again, and keeps input', async ({ page, visit, control }) => {
  await visit('/slicers');
  const rows = page.getByRole('table').getByRole('row');
  await rows.nth(1).waitFor();
  const copies = () => page.locator('font').count();
  await replaceOnce(page);
  assert.ok((await copies()) > 20);
  await control('POST', '/observer/advance', { seconds: 3 });
  await page.getByRole('alert').filter({ hasText: BANNER }).waitFor();
  await eventually(async () => assert.equal(await copies(), 0, 'every text is the console\'s own again'));

  // Input in a focused field is kept; once the field is left, the page is rendered again.
  const search = page.getByRole('searchbox', { name: 'Search slicer groups' });
  await search.pressSequentially('news');
  await replaceOnce(page);
  await control('POST', '/observer/advance', { seconds: 3 });
  await eventually(async () => assert.equal(await search.inputValue(), 'news'));
  assert.ok((await copies()) > 0);
  await page.getByRole('button', { name: 'Draw again now' }).click();
  await eventually(async () => assert.equal(await copies(), 0));
  assert.equal(await search.inputValue(), 'news');
});

story('unsubmitted input is kept when texts are replaced, until it is submitted', async ({ page, visit, control }) => {
  await visit('/failover-sessions');
  await page.getByRole('table', { name: 'Cloud failover sessions' }).waitFor();
  const filter = page.getByLabel('Filter', { exact: true });
  await filter.pressSequentially('Result==Failed');
  await page.getByRole('heading', { level: 1 }).click();
  assert.notEqual(await page.evaluate(() => document.activeElement.localName), 'input');
  await replaceOnce(page);
  const copies = () => page.locator('font').count();
  await control('POST', '/observer/advance', { seconds: 3 });
  await page.getByRole('alert').filter({ hasText: BANNER }).waitFor();
  assert.equal(await filter.inputValue(), 'Result==Failed');
  assert.ok((await copies()) > 0);
  // Once the address contains the filter, the page is rendered again with it.
  await page.getByRole('button', { name: 'Run query' }).click();
  await page.waitForURL(/filter=Result/);
  await control('POST', '/observer/advance', { seconds: 3 });
  await eventually(async () => assert.equal(await copies(), 0));
  assert.equal(await filter.inputValue(), 'Result==Failed');
});
