// Assertions about a page that is still changing.

const TIMEOUT = 10_000;

/** Retries an assertion until it holds; after the time limit, throws its last failure. */
export async function eventually(assertion, timeout = TIMEOUT) {
  const end = performance.now() + timeout;
  for (;;) {
    try {
      return await assertion();
    } catch (failure) {
      if (performance.now() > end) throw failure;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
