import tseslint from 'typescript-eslint';

/** A module that only the named folders may import. */
const home = (name, allowed) => ({ name, allowed });
const homes = [
  home('bullmq', ['shared/src/queue/', 'services/gateway/src/routes/queues-board.ts']),
  home('ioredis', ['shared/src/queue/', 'shared/src/testing/']),
  home('minio', ['shared/src/storage/', 'shared/src/testing/']),
  home('onnxruntime-node', ['services/worker/src/inference/']),
];

const restricted = (names, patterns = []) => ['error', { paths: names.map((name) => ({ name })), patterns }];

export default tseslint.config(
  {
    ignores: ['**/dist/', 'node_modules/', '.cache/', 'data/', 'training/', '**/*.mjs', '**/*.js', 'vitest.config.ts'],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidOperator: true },
      ],
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      'max-params': ['error', 4],
      'no-console': 'error',
    },
  },
  // One home for each outside dependency, and services that never import each other.
  ...['shared', 'services/gateway', 'services/preprocess', 'services/worker', 'cli'].map((root) => ({
    files: [`${root}/src/**/*.ts`],
    ignores: [
      ...homes.flatMap(({ allowed }) => allowed.map((place) => (place.endsWith('/') ? `${place}**` : place))),
      '**/*.test.ts',
    ],
    rules: {
      'no-restricted-imports': restricted(
        homes.map(({ name }) => name),
        root.startsWith('services/')
          ? [
              {
                group: ['@timbre/gateway/*', '@timbre/preprocess/*', '@timbre/worker/*'],
                message: 'services never import each other',
              },
            ]
          : [],
      ),
    },
  })),
  {
    files: ['shared/src/contracts/**/*.ts'],
    rules: {
      'no-restricted-imports': restricted([], [{ regex: '^(?!zod$|\\./)', message: 'contracts import only zod' }]),
    },
  },
  {
    files: ['services/preprocess/src/features/**/*.ts', 'services/worker/src/batching/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': restricted([], [{ group: ['node:*', '!node:events'], message: 'pure: no I/O here' }]),
    },
  },
  {
    files: ['shared/src/decisions/**/*.ts', 'shared/src/results/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': restricted(
        homes.map(({ name }) => name),
        [{ group: ['node:*', '!node:stream', '!node:zlib', '!node:crypto'], message: 'pure: no I/O here' }],
      ),
    },
  },
  // Runs in browsers too, and without zod there: of the contracts it takes the types.
  {
    files: ['client/src/**/*.ts'],
    ignores: ['client/src/node/**', 'client/src/testing/**', '**/*.test.ts'],
    rules: {
      'no-restricted-globals': ['error', 'Buffer', 'process', 'setImmediate'],
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['node:*'], message: 'browsers have none; Node-only parts are in client/src/node' },
            { group: ['@timbre/*', 'zod'], allowTypeImports: true, message: 'types only' },
          ],
        },
      ],
    },
  },
  {
    files: ['**/src/**/*.ts'],
    ignores: ['**/main.ts', '**/*.test.ts', 'shared/src/testing/**', 'cli/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'read once in main.ts, passed on as values' },
      ],
    },
  },
  {
    files: ['cli/**/*.ts', 'bench/**/*.ts', 'ops/**/*.ts', 'loadtests/**/*.ts', 'test/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.test.ts', 'shared/src/testing/**/*.ts', 'test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/require-await': 'off',
      'max-params': 'off',
    },
  },
);
