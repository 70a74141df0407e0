// Layout shifts: elements of a page that move without user input.

/** Runs in the page: records layout shifts from now on, and with `buffered` earlier ones as well. */
export function recordShifts(buffered = false) {
  window.shifts_ = [];
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) {
      for (const { node, previousRect: from, currentRect: to } of shift.sources) {
        window.shifts_.push(`${node?.parentElement?.outerHTML.slice(0, 160)} from ${from.x},${from.y} to ${to.x},${to.y}`);
      }
      window.shifts_.push(`a shift of ${shift.value}`);
    }
  }).observe({ type: 'layout-shift', buffered });
}

/** The recorded shifts of a page. */
export const shifts = (page) => page.evaluate(() => window.shifts_);
