/** Counts from vitest's JSON report, so that nothing which went wrong is missed. */
import { readFileSync } from 'node:fs';

/**
 * @param {string} path of the report
 * @param {boolean} green whether vitest ended with status 0
 * @returns {{passed: number, failed: number, skipped: number}} a test file that could not run counts as one failure, as
 *   does anything else that made vitest fail while every test passed (an unhandled error, no tests at all, a crash)
 */
export function countTests(path, green) {
  const { numPassedTests: passed, numFailedTests, numPendingTests, numTodoTests, testResults } = readReport(path);
  const brokenFiles = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = numFailedTests + brokenFiles;
  return { passed, failed: failed === 0 && !green ? 1 : failed, skipped: numPendingTests + numTodoTests };
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };
  }
}
