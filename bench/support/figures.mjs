// Statistics of measured values: medians, a table in Markdown and JSON, and a calibration of the machine.

import { appendFileSync } from 'node:fs';

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/**
 * Prints a table in Markdown. If `BENCH_JSON` names a file, appends the table to it as a line of JSON, which
 * `bench/all.mjs` collects.
 */
export function report(title, columns, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rule = columns.map((_, place) => (place === 0 ? '---' : '---:'));
  console.log(['', `**${title}**`, '', line(columns), line(rule), ...rows.map(line), ''].join('\n'));
  if (process.env.BENCH_JSON) appendFileSync(process.env.BENCH_JSON, `${JSON.stringify({ title, columns, rows })}\n`);
}

/** Milliseconds that this machine currently takes for a fixed amount of work. */
export function calibrate() {
  const times = Array.from({ length: 21 }, () => {
    const begun = performance.now();
    let sum = 0;
    for (let turn = 0; turn < 20_000_000; turn += 1) sum = (sum * 31 + turn) | 0;
    return sum === 1 ? 0 : performance.now() - begun;
  });
  return median(times);
}
