// A computer whose clock is wrong: all times on the screen follow the gateway's clock, and a message says so.

import assert from 'node:assert/strict';
import { START, story } from './harness.mjs';

const HOUR = 3_600_000;

for (const [name, now, text] of [
  ['an hour behind', new Date(Date.parse(START) - HOUR), "This computer's clock is 1 h behind"],
  ['in 1970', new Date(0), /This computer's clock is \d+ d.* behind/],
]) {
  story(`clocks show the gateway's time on a computer that is ${name}`, { now }, async ({ page, visit }) => {
    await visit('/');
    await page.getByText(text).waitFor();
    await page.getByRole('button', { name: /14:32:08 UTC/ }).waitFor();
    await visit('/wall');
    await page.locator('#wall-clock').filter({ hasText: '14:32:08' }).waitFor();
    await page.getByRole('status').filter({ hasText: text }).waitFor();
  });
}

story('a clock that is wrong by four seconds is not mentioned', { now: new Date(Date.parse(START) - 4_000) }, async ({ page, visit }) => {
  await visit('/');
  await page.getByRole('button', { name: /14:32:08 UTC/ }).waitFor();
  assert.equal(await page.getByText("This computer's clock").count(), 0);
});
