/**
 * Clips through two stages under a scaler, second by second. A replica works on one clip at a time, interactive ones first; it
 * takes `startSeconds` to come up and is removed as the HPA of k8s/base/scaling.yaml does it: every 15 seconds, up by 8
 * or double, down by half a minute and only to the highest wish of the last 5. A removed replica gives its clip back and it
 * starts anew: the scaler that counts only waiting work pays for that here as it does in a cluster. Pure.
 */
import type { Arrival, Lane, Measured, Outcome, Pattern, Scaler } from './model.js';
import type { ScaledStage } from './formula.js';

export const settings = {
  /** Scheduling, starting, loading models; images are there. */
  startSeconds: 20,
  everySeconds: 15,
  stabilizationSeconds: 300,
  /** KEDA's cooldown before the last replica goes. */
  cooldownSeconds: 300,
  drainSeconds: 120,
  rateWindowSeconds: 900,
  max: { preprocess: 40, infer: 20 },
} as const;

const stepSeconds = 0.25;

interface Clip extends Arrival {
  left: number;
}

interface Replica {
  readyAt: number;
  clip: Clip | undefined;
  /** Set when it has been told to go: it may finish until then. */
  endsAt: number | undefined;
}

class Stage {
  readonly waiting: Record<Lane, { clips: Clip[]; head: number }> = {
    interactive: { clips: [], head: 0 },
    bulk: { clips: [], head: 0 },
  };
  readonly backlog: Record<Lane, number> = { interactive: 0, bulk: 0 };
  replicas: Replica[] = [];
  private readonly wishes: { at: number; wish: number }[] = [];
  private readonly progress: { at: number; audio: number; busy: number }[] = [];
  private lastWork = Number.NEGATIVE_INFINITY;
  busySeconds = 0;
  aliveSeconds = 0;
  private finishedAudio = 0;
  clips = 0;

  constructor(
    readonly name: ScaledStage,
    private readonly cost: { perClip: number; perAudioSecond: number },
  ) {}

  add(clip: Arrival): void {
    const { perClip, perAudioSecond } = this.cost;
    this.waiting[clip.lane].clips.push({ ...clip, left: perClip + perAudioSecond * clip.audioSeconds });
    this.backlog[clip.lane] += clip.audioSeconds;
    this.clips += 1;
  }

  get waitingClips(): number {
    return Object.values(this.waiting).reduce((sum, { clips, head }) => sum + clips.length - head, 0);
  }

  private take(): Clip | undefined {
    for (const lane of ['interactive', 'bulk'] as const) {
      const queue = this.waiting[lane];
      const clip = queue.clips[queue.head];
      if (!clip) continue;
      queue.head += 1;
      return clip;
    }
    return undefined;
  }

  work(now: number, finished: (clip: Clip, at: number) => void): void {
    for (const replica of this.replicas) {
      if (replica.readyAt > now) continue;
      let budget = stepSeconds;
      while (budget > 0) {
        if (replica.endsAt === undefined) replica.clip ??= this.take();
        if (!replica.clip) break;
        const used = Math.min(budget, replica.clip.left);
        replica.clip.left -= used;
        budget -= used;
        this.busySeconds += used;
        if (replica.clip.left > 1e-9) continue;
        this.backlog[replica.clip.lane] -= replica.clip.audioSeconds;
        this.finishedAudio += replica.clip.audioSeconds;
        this.clips -= 1;
        finished(replica.clip, now + stepSeconds - budget);
        replica.clip = undefined;
      }
    }
    this.aliveSeconds += this.replicas.length * stepSeconds;
    this.replicas = this.replicas.filter((replica) => !this.leaves(replica, now));
  }

  private leaves(replica: Replica, now: number): boolean {
    if (replica.endsAt === undefined) return false;
    if (replica.clip && replica.endsAt > now) return false;
    if (replica.clip)
      this.waiting[replica.clip.lane].clips.push({
        ...replica.clip,
        left: this.cost.perClip + this.cost.perAudioSecond * replica.clip.audioSeconds,
      });
    return true;
  }

  scale(now: number, scaler: Scaler, upstreamHasWork: boolean): void {
    this.progress.push({ at: now, audio: this.finishedAudio, busy: this.busySeconds });
    const from = this.progress.find(({ at }) => at >= now - settings.rateWindowSeconds);
    const hasWork = this.clips > 0 || upstreamHasWork;
    const wish = Math.min(
      settings.max[this.name],
      scaler.desired({
        stage: this.name,
        waitingClips: this.waitingClips,
        backlog: this.backlog,
        hasWork,
        finishedAudioSeconds: this.finishedAudio - (from?.audio ?? 0),
        busySeconds: this.busySeconds - (from?.busy ?? 0),
      }),
    );
    if (wish > 0) this.lastWork = now;
    this.wishes.push({ at: now, wish });
    this.apply(now, wish);
  }

  private apply(now: number, wish: number): void {
    const staying = this.replicas.filter(({ endsAt }) => endsAt === undefined);
    const recent = this.wishes.filter(({ at }) => at > now - settings.stabilizationSeconds).map((each) => each.wish);
    const floor = Math.max(...recent);
    let target = staying.length;
    if (wish > target) target = Math.min(wish, target + Math.max(8, target));
    else if (floor < target) target = Math.max(floor, Math.floor(target * 0.87));
    if (target === 0 && now - this.lastWork < settings.cooldownSeconds && staying.length > 0) target = 1;
    for (let missing = target - staying.length; missing > 0; missing -= 1)
      this.replicas.push({ readyAt: now + settings.startSeconds, clip: undefined, endsAt: undefined });
    for (const replica of staying.slice(target)) replica.endsAt = now + settings.drainSeconds;
  }
}

export function simulate(pattern: Pattern, scaler: Scaler, { stages }: Measured): Outcome {
  const [preprocess, infer] = [new Stage('preprocess', stages.preprocess), new Stage('infer', stages.infer)];
  const arrivals = [...pattern.arrivals].sort((a, b) => a.atSeconds - b.atSeconds);
  const latencies: Record<Lane, number[]> = { interactive: [], bulk: [] };
  const timeline: number[] = [];
  let [next, done, peak, doneAt] = [0, 0, 0, 0];
  for (
    let now = 0;
    done < arrivals.length || preprocess.replicas.length + infer.replicas.length > 0;
    now += stepSeconds
  ) {
    for (; next < arrivals.length; next += 1) {
      const arrival = arrivals[next];
      if (!arrival || arrival.atSeconds > now) break;
      preprocess.add(arrival);
    }
    preprocess.work(now, (clip) => infer.add(clip));
    infer.work(now, (clip, at) => {
      latencies[clip.lane].push(at - clip.atSeconds);
      [done, doneAt] = [done + 1, at];
    });
    if (now % settings.everySeconds !== 0) continue;
    preprocess.scale(now, scaler, false);
    // Only the shipped scaler looks ahead, by way of `hasWork`.
    infer.scale(now, scaler, preprocess.clips > 0);
    timeline.push(preprocess.replicas.length + infer.replicas.length);
    peak = Math.max(peak, timeline.at(-1) ?? 0);
    if (now > 48 * 3600) throw new Error(`${pattern.name} under ${scaler.name} never ends`);
  }
  const alive = preprocess.aliveSeconds + infer.aliveSeconds;
  return {
    pattern: pattern.name,
    scaler: scaler.name,
    latency: { interactive: spread(latencies.interactive), bulk: spread(latencies.bulk) },
    doneSeconds: doneAt - (arrivals[0]?.atSeconds ?? 0),
    replicaHours: alive / 3600,
    waste: 1 - (preprocess.busySeconds + infer.busySeconds) / alive,
    peak,
    timeline,
  };
}

function spread(values: number[]): Outcome['latency'][Lane] {
  const sorted = values.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { clips: sorted.length, p50: at(0.5), p95: at(0.95), max: at(1) };
}
