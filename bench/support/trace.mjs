// Chromium's own trace of what a page does, and how much scripting each frame of it costs.

// The outermost of these on the main thread are what scripts take; what they call lies inside of them.
const SCRIPTS = new Set(['EventDispatch', 'FireAnimationFrame', 'FunctionCall', 'TimerFire', 'RunMicrotasks', 'EvaluateScript', 'v8.callFunction', 'XHRReadyStateChange']);

const CATEGORIES = ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'devtools.timeline.frame', 'disabled-by-default-devtools.timeline.frame', '__metadata'];

/** The events of the trace while `act` runs. */
export async function traced(client, act) {
  const events = [];
  const collect = ({ value }) => events.push(...value);
  client.on('Tracing.dataCollected', collect);
  await client.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: CATEGORIES } });
  await act();
  const done = new Promise((resolve) => client.once('Tracing.tracingComplete', resolve));
  await client.send('Tracing.end');
  await done;
  client.off('Tracing.dataCollected', collect);
  return events;
}

/** The events of the thread that draws the page, in order: more than one page may be alive. */
const mainThread = (events) => {
  const thread = events.find(({ name }) => name === 'BeginMainThreadFrame');
  return events
    .filter(({ pid, tid }) => pid === thread.pid && tid === thread.tid)
    .toSorted((a, b) => a.ts - b.ts);
};

const begins = (main) => main.filter(({ name }) => name === 'BeginMainThreadFrame').map(({ ts }) => ts);

/** Milliseconds between the beginnings of the frames of a trace. */
export function intervals(events) {
  const at = begins(mainThread(events));
  return at.slice(1).map((ts, n) => (ts - at[n]) / 1000);
}

/** Milliseconds of everything that the main thread does in each frame of a trace: its own time, whatever the machine does. */
export const work = (events) => perFrame(events, new Set(['RunTask', 'ThreadControllerImpl::RunTask']));

/** Milliseconds of scripting in each frame of a trace. */
export const frames = (events) => perFrame(events, SCRIPTS);

function perFrame(events, names) {
  const main = mainThread(events);
  const at = begins(main);
  const each = at.map(() => 0);
  let end = 0;
  // The thread's own time (`tdur`), where the trace has it: what else the machine does is no work of the page.
  for (const { name, ts, dur = 0, tdur = dur } of main) {
    if (!names.has(name) || ts < end) continue;
    end = ts + dur;
    const frame = at.findLastIndex((begin) => begin <= ts);
    if (frame >= 0) each[frame] += tdur / 1000;
  }
  return each;
}

/** The columns of a table about the costs of frames. */
export const COLUMNS = ['', 'frames', 'median, ms', '95th, ms', '99th, ms', 'most, ms'];

/** A row of it. */
export function costs(title, frames) {
  const sorted = frames.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return [title, sorted.length, ...[0.5, 0.95, 0.99, 1].map((share) => at(share).toFixed(1))];
}
