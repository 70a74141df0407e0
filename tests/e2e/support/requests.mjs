// Who asked what: the page the gateway, and the gateway the vendors' systems.

/** What a system has been asked since the log was last forgotten. */
export async function vendorRequests(control, connection, operation) {
  const { requests } = await control('GET', '/requests');
  return requests.filter(
    (one) => (!connection || one.connection === connection) && (!operation || one.operation === operation),
  );
}

/** What a page asks the gateway's API from now on: the paths of the inventory, and those of the relay. */
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
