// The page of one group, and the pages of the same job that it is compared with.

import { openPage } from './pages.mjs';

/** The table of the group's sessions. */
export const TABLE = 'table:has(caption:text-is("Client sessions"))';

/** The largest group's page, and the pages that are compared with it, which are told what it asks for. */
export async function pagesOf(product, served) {
  const { groups } = (await product.control('GET', '/world')).systems['plant-a'];
  const group = groups.toSorted((a, b) => b.Sessions.length - a.Sessions.length)[0];
  const path = `/groups/plant-a/${encodeURIComponent(group.Id)}`;
  const { page, close } = await openPage({ baseURL: served.url });
  try {
    const asked = ['', '/status', '/clientsessions'].map((end) =>
      page.waitForRequest((request) => new URL(request.url()).pathname.endsWith(`/clientfailover/groups/${encodeURIComponent(group.Id)}${end}`)),
    );
    await page.goto(path);
    const [of, status, sessions] = (await Promise.all(asked)).map((request) => new URL(request.url()).pathname);
    const query = new URLSearchParams({ group: of, status, sessions });
    return { hand: `/peers/hand/group.html?${query}`, react: `/peers/react/group.html?${query}`, console: path };
  } finally {
    await close();
  }
}
