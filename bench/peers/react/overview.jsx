// The Overview's alarms with React and TanStack Query, with default settings and memoised rows.

import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query';
import { memo } from 'react';
import { createRoot } from 'react-dom/client';
import { formatDuration } from '../model.js';

const Row = memo(({ severity, sentence, advice, age, href }) => (
  <li>
    <span><b className="tag" data-s={severity}>{severity}</b></span>
    <div><p className="what">{sentence}</p><p className="dim">{advice}</p></div>
    <time><b>{age}</b></time>
    <span className="row acts"><button type="button" className="btn">Acknowledge</button><a className="btn" href={href}>Open</a></span>
  </li>
));

function Alarms() {
  const { data } = useQuery({
    queryKey: ['inventory'],
    queryFn: async () => (await fetch('/api/inventory')).json(),
    refetchInterval: 5_000,
  });
  return (
    <ol className="alarms" aria-label="Alarms">
      {data?.alarms.map(({ id, resource, severity, sentence, advice, since }) => (
        <Row
          key={id}
          severity={severity}
          sentence={sentence}
          advice={advice}
          age={formatDuration(data.now - (since.reported ?? since.observed))}
          href={`/groups/${resource.connection}/${resource.id}`}
        />
      ))}
    </ol>
  );
}

createRoot(document.getElementById('root')).render(
  <QueryClientProvider client={new QueryClient()}>
    <div className="app">
      <nav className="rail" aria-label="Main"><p>Failover</p></nav>
      <header className="top"><h1>Overview</h1></header>
      <main><section className="panel"><h2>Needs attention</h2><Alarms /></section></main>
    </div>
  </QueryClientProvider>,
);
