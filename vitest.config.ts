import { defineConfig } from 'vitest/config';

/** `npm test` runs `quick` alone, `npm run test:all` both. CONTRIBUTING.md says where a new test belongs. */
export default defineConfig({
  test: {
    globalSetup: ['test/fixtures/run/global-setup.ts'],
    setupFiles: [
      'test/fixtures/run/meter.ts',
      'test/fixtures/run/leftovers.ts',
      'test/fixtures/run/limits.ts',
    ],
    reporters: ['default', './test/fixtures/run/reporter.ts'],
    // Far more workers than processors: most tests wait for whole relays, platforms and boards nearly all the time.
    maxWorkers: 6,
    // 0 but in CI: who passes at a second try only is named at the end of the run.
    retry: Number(process.env.TEST_RETRIES ?? 0),
    // What is translated stays translated, until it changes.
    experimental: { fsModuleCache: true },
    coverage: { include: ['{cli,config,firmware/src,protocol,provisioner,relay,simulator}/**/*.ts'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'quick',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.long.test.ts'],
          // Files share a process, and what is imported: docs/decisions/0021 has the figures.
          isolate: process.env.TEST_ISOLATE === '1',
        },
      },
      { extends: true, test: { name: 'long', include: ['test/**/*.long.test.ts'] } },
    ],
  },
});
