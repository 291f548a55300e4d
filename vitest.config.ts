import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // For two cores: tests that start whole relays, platforms and boards wait for one another half of the time.
    maxWorkers: 3,
  },
});
