// Assertions about a page that is still on its way there.

const PATIENCE = 10_000;

/** Tries an assertion until it holds; when it never does, its last failure is the story's. */
export async function eventually(assertion, patience = PATIENCE) {
  const end = performance.now() + patience;
  for (;;) {
    try {
      return await assertion();
    } catch (failure) {
      if (performance.now() > end) throw failure;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
