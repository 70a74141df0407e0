// The page of one group, and the equivalent pages that it is compared with.

import { openPage } from './pages.mjs';

/** The table of the group's sessions. */
export const TABLE = 'table:has(caption:text-is("Client sessions"))';

/** The page of the largest group, and its peers, which get the addresses that the console requests. */
export async function pagesOf(product, served) {
  const { groups } = (await product.control('GET', '/world')).systems['plant-a'];
  const group = groups.toSorted((a, b) => b.Sessions.length - a.Sessions.length)[0];
  const path = `/groups/plant-a/${encodeURIComponent(group.Id)}`;
  const { page, close } = await openPage({ baseURL: served.url });
  try {
    const requests = ['', '/status', '/clientsessions'].map((end) =>
      page.waitForRequest((request) => new URL(request.url()).pathname.endsWith(`/clientfailover/groups/${encodeURIComponent(group.Id)}${end}`)),
    );
    await page.goto(path);
    const [details, status, sessions] = (await Promise.all(requests)).map((request) => new URL(request.url()).pathname);
    const query = new URLSearchParams({ group: details, status, sessions });
    return { hand: `/peers/hand/group.html?${query}`, react: `/peers/react/group.html?${query}`, console: path };
  } finally {
    await close();
  }
}
