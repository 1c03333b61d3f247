/** Finds the programs that are not npm packages, Redis, ffmpeg and Chromium, and installs what is missing by apt-get or brew. */
import { spawnSync } from 'node:child_process';
import { findProgram, run, say, StepError } from './steps.mjs';

/** How long to wait for another apt-get, as run by a machine's automatic updates. */
const LOCK_SECONDS = 120;
const AVOID = 'Avoid: TIMBRE_NO_INSTALL=1';

/** A Redis or Valkey server for the embedded queue. @throws StepError when there is none and none can be installed */
export function provideRedis() {
  if (process.env.REDIS_URL) return;
  if (process.env.REDIS_SERVER) {
    if (findProgram(process.env.REDIS_SERVER)) return;
    throw new StepError(`REDIS_SERVER names ${process.env.REDIS_SERVER}, which is no program that can be run.`);
  }
  if (findRedis()) return;
  const installed = install({
    what: 'a Redis server (queue and job records)',
    avoid: `${AVOID}, REDIS_SERVER=<path of one>, or REDIS_URL=<one that runs>`,
    apt: ['redis-server', 'valkey-server'],
    brew: ['redis', 'valkey'],
    found: findRedis,
    note: 'Debian may also start a system service on port 6379; Timbre runs its own on another port and leaves it alone.',
  });
  if (!installed) {
    throw new StepError(
      'No redis-server or valkey-server found. Install one (`sudo apt-get install redis-server`, `brew install redis`,\n' +
        'or https://valkey.io/download), name it in REDIS_SERVER, or set REDIS_URL to a Redis that already runs.',
    );
  }
}

/** ffmpeg decodes what is not decoded in process. Without it the system works for all other formats. */
export function provideFfmpeg({ required }) {
  const configured = process.env.FFMPEG_PATH;
  const find = () => configured === 'none' || findProgram(configured || 'ffmpeg');
  if (find()) return;
  const installed = install({
    what: 'ffmpeg (for m4a/AAC and webm clips)',
    avoid: `${AVOID}, FFMPEG_PATH=<path of one>, or FFMPEG_PATH=none`,
    apt: ['ffmpeg'],
    brew: ['ffmpeg'],
    found: find,
  });
  if (installed) return;
  const advice = 'Install it with `sudo apt-get install ffmpeg` or `brew install ffmpeg`, or name it in FFMPEG_PATH.';
  if (required) throw new StepError(`The tests need ffmpeg, which was not found. ${advice}`);
  say(`ffmpeg was not found: m4a/AAC and webm clips will fail as unsupported, all other formats work. ${advice}`);
}

/** A browser for the tests of the page. @returns a note when there is none, and those tests are skipped */
export function provideChromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const configured = process.env.CHROMIUM_PATH;
  const find = () => (configured ? findProgram(configured) : names.map((name) => findProgram(name)).find(Boolean));
  if (find()) return undefined;
  const installed = install({
    what: 'Chromium (for the tests of the page)',
    avoid: `${AVOID}, or CHROMIUM_PATH=<path of one>`,
    apt: ['chromium', 'chromium-browser'],
    brew: ['chromium'],
    found: find,
  });
  if (installed) return undefined;
  return 'the page was NOT tested in a browser: no Chromium found. Install one (`sudo apt-get install chromium`) or name it in CHROMIUM_PATH';
}

function findRedis() {
  return findProgram('redis-server') ?? findProgram('valkey-server');
}

/** @returns whether `found` answers afterwards */
function install({ what, avoid, apt, brew, found, note }) {
  if (process.env.TIMBRE_NO_INSTALL === '1') {
    say(`Not installing ${what}: TIMBRE_NO_INSTALL=1.`);
    return false;
  }
  const installers = [
    { name: 'apt-get', packages: apt, install: aptInstaller() },
    { name: 'brew', packages: brew, install: brewInstaller() },
  ];
  const usable = installers.find((installer) => installer.install);
  if (!usable) return false;
  say(`Installing ${what} with ${usable.name}. ${avoid}.`);
  if (note && usable.name === 'apt-get') say(`  ${note}`);
  for (const name of usable.packages) if (usable.install(name) && found()) return true;
  say(`${usable.name} could not install ${usable.packages.join(' or ')}.`);
  return false;
}

function aptInstaller() {
  if (!findProgram('apt-get')) return undefined;
  const prefix = privilegePrefix();
  if (!prefix) return undefined;
  const apt = (show, ...args) => {
    const [program, ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args];
    return run(program, rest, { show });
  };
  const install = (show, name) =>
    apt(show, 'install', '-y', '--no-install-recommends', '-o', `DPkg::Lock::Timeout=${LOCK_SECONDS}`, name);
  let updated = false;
  return (name) => {
    if (install(updated ? 'failure' : 'none', name)) return true;
    if (updated) return false;
    updated = true;
    say('  Reading the package lists first (apt-get update).');
    return apt('failure', 'update') && install('failure', name);
  };
}

/** Nothing for root, `sudo -n` where it asks for no password, undefined where neither holds. */
function privilegePrefix() {
  if (process.getuid?.() === 0) return [];
  const passwordless = findProgram('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  return passwordless ? ['sudo', '-n'] : undefined;
}

function brewInstaller() {
  return findProgram('brew') ? (name) => run('brew', ['install', name]) : undefined;
}
