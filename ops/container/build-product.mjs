/** Compiles what the images carry: the services, the command line tool and the page. Runs in the root of the project. */
import { spawnSync } from 'node:child_process';
import { buildPage } from '../../scripts/bootstrap/build-page.mjs';

const products = ['services/gateway', 'services/preprocess', 'services/worker', 'client', 'cli'];
const { status } = spawnSync('node_modules/.bin/tsc', ['-b', ...products], { stdio: 'inherit' });
if (status !== 0) process.exit(1);
buildPage();
