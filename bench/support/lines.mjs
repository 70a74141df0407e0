/** Typical networks: bytes per second, and the round trip in milliseconds. */
export const LINES = {
  loopback: undefined,
  'fast 4G': { downloadThroughput: 9e6 / 8, uploadThroughput: 9e6 / 8, latency: 85, offline: false },
  'slow 4G': { downloadThroughput: 1.6e6 / 8, uploadThroughput: 0.75e6 / 8, latency: 150, offline: false },
};
