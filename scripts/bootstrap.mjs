#!/usr/bin/env node
/**
 * From a fresh clone to a running system, with nothing but Node: `demo`, `start`, `test` and `bench` of package.json.
 * Each step says in one line what it does and how to avoid it; steps already done cost nothing. Needs no packages itself.
 */
const NEEDED_NODE = [20, 19];

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > NEEDED_NODE[0] || (major === NEEDED_NODE[0] && minor >= NEEDED_NODE[1])) return;
  console.error(
    `Timbre needs Node ${NEEDED_NODE.join('.')} or newer, this is ${process.versions.node} (${process.execPath}).\n` +
      'Get one from https://nodejs.org, or with a version manager: `nvm install 24`, `fnm install 24`, `volta install node@24`.',
  );
  process.exit(1);
}

requireNode();
// Only now: older versions could not even parse what follows.
const { runMode } = await import('./bootstrap/modes.mjs');
process.exitCode = await runMode(process.argv[2], process.argv.slice(3));
