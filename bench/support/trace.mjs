// Chromium's trace of a page, and the cost of scripting in each of its frames.

// The outermost of these events on the main thread are the time of scripts; nested ones are part of them.
const SCRIPTS = new Set(['EventDispatch', 'FireAnimationFrame', 'FunctionCall', 'TimerFire', 'RunMicrotasks', 'EvaluateScript', 'v8.callFunction', 'XHRReadyStateChange']);

const CATEGORIES = ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'devtools.timeline.frame', 'disabled-by-default-devtools.timeline.frame', '__metadata'];

/** The events of the trace while `action` runs. */
export async function traced(client, action) {
  const events = [];
  const collect = ({ value }) => events.push(...value);
  client.on('Tracing.dataCollected', collect);
  await client.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: CATEGORIES } });
  await action();
  const done = new Promise((resolve) => client.once('Tracing.tracingComplete', resolve));
  await client.send('Tracing.end');
  await done;
  client.off('Tracing.dataCollected', collect);
  return events;
}

/** The events of the rendering thread, in order: more than one page may be alive. */
const mainThread = (events) => {
  const thread = events.find(({ name }) => name === 'BeginMainThreadFrame');
  return events
    .filter(({ pid, tid }) => pid === thread.pid && tid === thread.tid)
    .toSorted((a, b) => a.ts - b.ts);
};

const begins = (main) => main.filter(({ name }) => name === 'BeginMainThreadFrame').map(({ ts }) => ts);

/** Milliseconds between the starts of the frames of a trace. */
export function intervals(events) {
  const at = begins(mainThread(events));
  return at.slice(1).map((ts, n) => (ts - at[n]) / 1000);
}

/** The main thread's CPU milliseconds in each frame of a trace. */
export const work = (events) => perFrame(events, new Set(['RunTask', 'ThreadControllerImpl::RunTask']));

/** Milliseconds of scripting in each frame of a trace. */
export const frames = (events) => perFrame(events, SCRIPTS);

function perFrame(events, names) {
  const main = mainThread(events);
  const at = begins(main);
  const each = at.map(() => 0);
  let end = 0;
  // The thread's CPU time (`tdur`) if the trace has it, independent of other processes.
  for (const { name, ts, dur = 0, tdur = dur } of main) {
    if (!names.has(name) || ts < end) continue;
    end = ts + dur;
    const frame = at.findLastIndex((begin) => begin <= ts);
    if (frame >= 0) each[frame] += tdur / 1000;
  }
  return each;
}

/** The columns of a table of frame costs. */
export const COLUMNS = ['', 'frames', 'median, ms', '95th, ms', '99th, ms', 'most, ms'];

/** A row of that table. */
export function costs(title, frames) {
  const sorted = frames.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return [title, sorted.length, ...[0.5, 0.95, 0.99, 1].map((share) => at(share).toFixed(1))];
}
