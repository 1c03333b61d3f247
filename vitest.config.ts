import { defineConfig } from 'vitest/config';

// Unit and integration tests sit beside the source; e2e tests start the built system, so `npm run build` comes first.
export default defineConfig({
  test: {
    include: [
      'shared/src/**/*.test.ts',
      'services/*/src/**/*.test.ts',
      'client/src/**/*.test.ts',
      'cli/src/**/*.test.ts',
      'web/src/**/*.test.ts',
      'test/**/*.test.ts',
    ],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    env: { ORT_DISABLE_TELEMETRY: '1' },
    pool: 'forks',
    maxWorkers: 2,
  },
});
