/** `npm run chaos [-- clips clients killEveryMs seed]`: the storm at full size; exits 1 when a promise was broken. */
import { runStorm } from './storm.js';

const [clips = 2000, clients = 20, killEveryMs = 3000, seed = Math.floor(Date.now() / 1000)] = process.argv
  .slice(2)
  .map(Number);
console.log(`storm: ${clips} clips, ${clients} clients, a kill every ${killEveryMs} ms, seed ${seed}`);
const report = await runStorm({ clips, clients, killEveryMs, seed, redisAt: 0.3, say: (line) => console.log(line) });
console.log(JSON.stringify(report, null, 2));
process.exit(report.problems.length === 0 && report.accepted === clips ? 0 : 1);
