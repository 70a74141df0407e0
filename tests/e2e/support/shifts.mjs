// What moves on a page without being moved by anybody.

/** To be run in a page: keeps what shifts from then on, and with `buffered` what has shifted before. */
export function keepShifts(buffered = false) {
  window.moved = [];
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) {
      for (const { node, previousRect: from, currentRect: to } of shift.sources) {
        window.moved.push(`${node?.parentElement?.outerHTML.slice(0, 160)} from ${from.x},${from.y} to ${to.x},${to.y}`);
      }
      window.moved.push(`a shift of ${shift.value}`);
    }
  }).observe({ type: 'layout-shift', buffered });
}

/** What has shifted on a page that keeps it. */
export const shifts = (page) => page.evaluate(() => window.moved);
