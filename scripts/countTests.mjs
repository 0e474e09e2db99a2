// Prints `N passed, N failed` (and `, N skipped`) from what vitest's JSON reporter wrote.
// Usage: node scripts/countTests.mjs RESULTS.json
import { readFileSync } from 'node:fs';

/** A file that could not be loaded, or whose hooks failed, has failed without a failed test of its own. */
function isFailedFile({ status, assertionResults }) {
  return status === 'failed' && !assertionResults.some((test) => test.status === 'failed');
}

function count(path) {
  let results;
  try {
    results = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // The tests did not even start.
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = results;
  const failed = numFailedTests + results.testResults.filter(isFailedFile).length;
  return {
    passed: numPassedTests,
    // An error outside of every test fails the run too.
    failed: failed === 0 && !results.success ? 1 : failed,
    skipped: numPendingTests + numTodoTests,
  };
}

const { passed, failed, skipped } = count(process.argv[2]);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
