// The requests of a page to the gateway, and of the gateway to the vendors' systems.

/** The requests to a system since the simulator's log was last cleared. */
export async function vendorRequests(control, connection, operation) {
  const { requests } = await control('GET', '/requests');
  return requests.filter(
    (request) => (!connection || request.connection === connection) && (!operation || request.operation === operation),
  );
}

/** Collects a page's API requests from now on: the paths of the inventory, and those of the relay. */
export function pageRequests(page) {
  const seen = { inventory: [], relay: [] };
  page.on('request', (request) => {
    const { pathname, search } = new URL(request.url());
    if (pathname === '/api/inventory') seen.inventory.push(pathname + search);
    if (pathname.startsWith('/relay/')) seen.relay.push(decodeURIComponent(pathname) + search);
  });
  return {
    ...seen,
    forget: () => {
      seen.inventory.length = 0;
      seen.relay.length = 0;
    },
  };
}
