// Checks of the status wall as people in the room see it: positions, text sizes, cut-off text. Sizes are computed
// independently from the sizing rule, not from the code.

import assert from 'node:assert/strict';
import { open } from './time.mjs';

export const SIZES = [
  { width: 1024, height: 768 },
  { width: 1280, height: 720 },
  { width: 1920, height: 1080 },
  { width: 2560, height: 1440 },
  { width: 3840, height: 2160 },
  { width: 1080, height: 1920 },
];

/** The smallest text size in pixels that covers this visual angle in arc minutes; capitals have 0.7 of its height. */
export const leastText = ({ width, height }, distance = 5, diagonal = 55, minutes = 16) => {
  const capital = 2 * distance * 1000 * Math.tan(((minutes / 60) * Math.PI) / 180 / 2);
  return (capital / 0.7) * (Math.hypot(width, height) / (diagonal * 25.4));
};

export const tiles = (page) => page.getByRole('list', { name: 'Tiles' }).getByRole('listitem');

export const tile = (page, name) => page.getByRole('list', { name: 'Tiles' }).getByRole('listitem', { name });

export const total = (page, words) => page.getByRole('list', { name: 'Totals' }).getByText(words, { exact: true });

/** Opens the wall with a clock that is advanced by `pass`. */
export const openWall = async (fixtures, address) => {
  await open(fixtures, address);
  await fixtures.page.getByRole('list', { name: 'Sources' }).getByRole('listitem').first().waitFor();
};

/**
 * Fails unless the wall fits the screen: no scrollbar, nothing outside the window, no overlaps, no text cut off (except
 * the end of a long sentence), and no text smaller than `least`.
 */
export async function assertFits(page, least) {
  const found = await page.evaluate((smallest) => {
    const complaints = [];
    const root = document.scrollingElement;
    if (root.scrollWidth > innerWidth || root.scrollHeight > innerHeight) complaints.push('the page scrolls');
    const wall = document.querySelector('main');
    const seen = (element) => element.checkVisibility({ visibilityProperty: true }) && element.getBoundingClientRect().width > 1;
    const items = [...wall.querySelectorAll('[aria-label="Tiles"] > li')].filter(seen);
    const list = (name) => wall.querySelector(`[aria-label="${name}"]`);
    const head = wall.querySelector('header');
    if (head.scrollHeight > head.clientHeight + 1) complaints.push('the head is cut off');
    const parts = [head, ...wall.querySelectorAll('[role="status"]'), ...items, ...list('Sources').children].filter(seen);
    const box = (element) => element.getBoundingClientRect();
    const name = (element) => element.getAttribute('aria-label') ?? element.textContent.slice(0, 40);
    for (const [at, one] of parts.entries()) {
      const a = box(one);
      if (a.left < 0 || a.top < 0 || a.right > innerWidth + 0.5 || a.bottom > innerHeight + 0.5) {
        complaints.push(`${name(one)} leaves the screen`);
      }
      for (const other of parts.slice(0, at)) {
        const b = box(other);
        const apart = a.left >= b.right - 1 || b.left >= a.right - 1 || a.top >= b.bottom - 1 || b.top >= a.bottom - 1;
        if (!apart) complaints.push(`${name(one)} overlaps ${name(other)}`);
      }
    }
    const walker = document.createTreeWalker(wall, NodeFilter.SHOW_TEXT);
    let smallestSeen = Infinity;
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      const hidden = element.closest('.vh, [role="toolbar"], [aria-label="Screen settings"]');
      if (hidden || !walker.currentNode.data.trim() || !seen(element)) continue;
      const size = Number.parseFloat(getComputedStyle(element).fontSize);
      smallestSeen = Math.min(smallestSeen, size);
      if (size < smallest - 0.05) complaints.push(`${element.textContent} is ${size} px`);
      const range = document.createRange();
      range.selectNodeContents(walker.currentNode);
      const text = range.getBoundingClientRect();
      const around = box(element.closest('li, header, p') ?? wall);
      const isSentence = getComputedStyle(element).webkitLineClamp !== 'none';
      if (!isSentence && (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)) {
        complaints.push(`${element.textContent} is cut off`);
      }
      if (!isSentence && (text.right > around.right + 1 || text.bottom > around.bottom + around.height * 0.2)) {
        complaints.push(`${element.textContent} exceeds its container`);
      }
    }
    return { complaints, tiles: items.length, smallestSeen };
  }, least);
  assert.deepEqual(found.complaints, [], 'the wall does not fit');
  return found;
}
