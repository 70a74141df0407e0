// Reading tables by the names of their columns.

import { eventually } from './eventually.mjs';

/** The body rows of the table with this name, each an object from column name to the cell's text. */
export async function rows(page, name) {
  return page.getByRole('table', { name, exact: true }).evaluate((table) => {
    const text = (cell) => (cell?.innerText ?? '').replace(/\s+/g, ' ').trim();
    const [head, ...body] = table.rows;
    const columns = [...head.cells].map(text);
    return body.map((row) => Object.fromEntries(columns.map((c, n) => [c, text(row.cells[n])])));
  });
}

/** The names of the columns, in order. */
export async function columns(page, name) {
  return page.getByRole('table', { name, exact: true }).getByRole('columnheader').allInnerTexts();
}

/** Waits until an assertion about the rows holds. */
export async function whenRows(page, name, assertion, timeout) {
  await eventually(async () => assertion(await rows(page, name)), timeout);
}
