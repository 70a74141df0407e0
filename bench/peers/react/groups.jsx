// The list of groups with React, TanStack Query and TanStack Table, with default settings and memoised rows. The
// console also shows 25 rows at once, so TanStack Virtual would not save any.

import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query';
import { createPaginatedRowModel, createSortedRowModel, rowPaginationFeature, rowSortingFeature, tableFeatures, useTable } from '@tanstack/react-table';
import { Fragment, memo, useEffect, useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { PAGE_SIZE, CHIPS, COLUMNS, POLL_INTERVAL, connectionsOf, counts, groupsOf, EMPTY, pageIndex, poll, rowOf, sortKey } from '../model.js';

const client = new QueryClient();

const features = tableFeatures({
  rowSortingFeature,
  rowPaginationFeature,
  sortedRowModel: createSortedRowModel(),
  paginatedRowModel: createPaginatedRowModel(),
});

const byText = (left, right, column) => {
  const [a, b] = [left.getValue(column), right.getValue(column)];
  return a < b ? -1 : a > b ? 1 : 0;
};

const columns = [{ id: 'group', accessorFn: sortKey, sortFn: byText }];

const initialState = { sorting: [{ id: 'group', desc: false }], pagination: { pageIndex: pageIndex(), pageSize: PAGE_SIZE } };

const Icon = ({ name }) => <svg aria-hidden="true"><use href={`#i-${name}`} /></svg>;

const Name = ({ children }) => <bdi title={children}>{children}</bdi>;

const Row = memo(({ group, connection, now }) => {
  const row = rowOf(group, connection, now);
  const { label, ...meter } = row.meter;
  return (
    <tr>
      <td><span className="st" data-s={row.severity}><Icon name={row.severity} /><Name>{row.word}</Name></span></td>
      <th scope="row">
        <a href={row.href}><b><Name>{row.name}</Name></b></a>
        <span className={row.isNamed ? 'sub id' : 'sub'}><Name>{row.sub}</Name></span>
      </th>
      <td><Name>{row.connection}</Name></td>
      <td><Name>{row.primary}</Name></td>
      <td>{row.pending ?? '–'}</td>
      <td>
        <span className="row">
          {row.members.map(([icon, word, number]) => <Fragment key={word}><Icon name={icon} />{number}<span className="vh"> {word} </span></Fragment>)}
        </span>
      </td>
      <td>{row.timeout}</td>
      <td><span>{row.moment}</span><span className="sub">{row.dataAge}</span></td>
      <td><span className="beat"><span><meter min="0" optimum="0" aria-label="Age of the last heartbeat" aria-valuetext={label} {...meter} /></span><span>{row.heartbeat}</span></span></td>
    </tr>
  );
});

/** The gateway's time, updated each second. */
function useNow(clockOffset) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now + clockOffset;
}

function Groups() {
  const queryKey = ['inventory'];
  const queryFn = () => poll(client.getQueryData(queryKey) ?? EMPTY);
  const { data: state = EMPTY } = useQuery({ queryKey, queryFn, refetchInterval: POLL_INTERVAL });
  const now = useNow(state.clockOffset);
  const data = useMemo(() => groupsOf(state), [state]);
  const connections = useMemo(() => connectionsOf(state), [state]);
  const found = useMemo(() => counts(data, connections, Date.now() + state.clockOffset), [data, connections, state]);
  const table = useTable({ features, columns, data, initialState, autoResetPageIndex: false, getRowId: sortKey });
  return (
    <div className="app">
      <nav className="rail" aria-label="Main"><p>Failover</p></nav>
      <header className="top"><h1>Groups</h1></header>
      <main>
        <div className="row">
          {CHIPS.map(([count, words, icon]) => <button key={count} type="button" className="chip">{icon && <Icon name={icon} />}{words} <b>{found[count]}</b></button>)}
        </div>
        <section className="panel">
          <div className="scroll" tabIndex="0">
            <table>
              <caption className="vh">Failover groups</caption>
              <thead><tr>{COLUMNS.map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
              <tbody>
                {table.getRowModel().rows.map(({ id, original }) => <Row key={id} group={original} connection={connections.get(original.connection)} now={now} />)}
              </tbody>
            </table>
          </div>
          <p className="bar"><span role="status">{data.length} groups</span></p>
        </section>
      </main>
    </div>
  );
}

createRoot(document.getElementById('root')).render(
  <QueryClientProvider client={client}><Groups /></QueryClientProvider>,
);
