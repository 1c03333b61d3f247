/** `npm run chaos:batch [-- clips killEveryMs seed]`: the storm over one archive at full size; exits 1 when a promise was broken. */
import { runBatchStorm } from './batch-storm.js';

const [clips = 20_000, killEveryMs = 3000, seed = Math.floor(Date.now() / 1000)] = process.argv.slice(2).map(Number);
console.log(`storm: one archive of ${clips} clips, a kill every ${killEveryMs} ms, seed ${seed}`);
const report = await runBatchStorm({ clips, killEveryMs, seed, say: (line) => console.log(line) });
console.log(JSON.stringify(report, null, 2));
process.exit(report.problems.length === 0 ? 0 : 1);
