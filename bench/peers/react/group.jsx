// The sessions of one group with React, TanStack Query, Table and Virtual, with default settings and memoised rows.

import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query';
import { createSortedRowModel, rowSortingFeature, tableFeatures, useTable } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useMemo, useRef, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { COLUMNS, POLL_INTERVAL, OVERSCAN, ROW, compareSessions, EMPTY, read, rowOf, seconds } from '../sessions.js';

const client = new QueryClient();

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() });

const columns = [{ id: 'role', accessorFn: (session) => session.Role, sortFn: (left, right) => compareSessions(left.original, right.original) }];

const initialState = { sorting: [{ id: 'role', desc: false }] };

const idOf = ({ Id }) => Id;

const Icon = ({ name }) => <svg aria-hidden="true"><use href={`#i-${name}`} /></svg>;

const Name = ({ children }) => <bdi title={children}>{children}</bdi>;

const Row = memo(({ session, timeout, readAt, now, place }) => {
  const row = rowOf(session, timeout, readAt, now);
  const { label, ...meter } = row.meter;
  return (
    <tr aria-rowindex={place + 2} data-fresh={row.isStale ? 'stale' : undefined}>
      <th scope="row"><a href={row.href}><b><Name>{row.id}</Name></b></a><span className="sub"><Name>{row.sub}</Name></span></th>
      <td><span className="st"><Icon name={row.icon} />{row.role}</span></td>
      <td><span className="beat score"><meter min="0" max="100" value={row.score} aria-label={`score ${row.score} of 100`} />{row.score}</span></td>
      <td><span className="beat"><span><meter min="0" optimum="0" aria-label="Age of the last heartbeat" aria-valuetext={label} {...meter} /></span><span>{row.heartbeat}</span></span></td>
      <td><span>{row.moment}</span><span className="sub">{row.dataAge}</span></td>
      <td>{row.override}</td>
      <td>
        <div className="row acts">
          <button type="button" className="icon" title="Post heartbeat" aria-label={`Post heartbeat ${row.id}`}><Icon name="beat" /></button>
          <button type="button" className="icon" title="Delete session" aria-label={`Delete session ${row.id}`}><Icon name="bin" /></button>
        </div>
      </td>
    </tr>
  );
});

const Space = ({ height }) => (height > 0 ? <tr className="space"><td colSpan="7" style={{ height }} /></tr> : null);

/** The vendor's time, updated each second. */
function useNow(clockOffset) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now + clockOffset;
}

function Group() {
  const { data: state = EMPTY } = useQuery({ queryKey: ['group'], queryFn: read, refetchInterval: POLL_INTERVAL });
  const { group, sessions, at, clockOffset } = state;
  const now = useNow(clockOffset);
  const timeout = seconds(group.FailoverTimeout);
  const live = useMemo(() => {
    const now = Date.now() + clockOffset;
    return sessions.filter(({ Heartbeat }) => now - Date.parse(Heartbeat?.HeartbeatTime) <= timeout * 1_000).length;
  }, [sessions, clockOffset, timeout]);
  const region = useRef(null);
  const { rows } = useTable({ features, columns, data: sessions, initialState, getRowId: idOf }).getRowModel();
  const virtualizer = useVirtualizer({ count: rows.length, getScrollElement: () => region.current, estimateSize: () => ROW, overscan: OVERSCAN });
  const seen = virtualizer.getVirtualItems();
  return (
    <div className="app">
      <nav className="rail" aria-label="Main"><p>Failover</p></nav>
      <header className="top"><h1>{group.Name ?? group.Id}</h1></header>
      <main>
        <section className="panel">
          <header><h2>Sessions</h2><p role="status">{live} live</p></header>
          <div className="scroll virtual" tabIndex="0" ref={region}>
            <table aria-rowcount={rows.length + 1}>
              <caption className="vh">Client sessions</caption>
              <thead><tr>{COLUMNS.map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
              <tbody>
                <Space height={seen[0]?.start ?? 0} />
                {seen.map(({ index }) => <Row key={rows[index].id} session={rows[index].original} timeout={timeout} readAt={at} now={now} place={index} />)}
                <Space height={virtualizer.getTotalSize() - (seen.at(-1)?.end ?? 0)} />
              </tbody>
            </table>
          </div>
        </section>
      </main>
    </div>
  );
}

createRoot(document.getElementById('root')).render(
  <QueryClientProvider client={client}><Group /></QueryClientProvider>,
);
