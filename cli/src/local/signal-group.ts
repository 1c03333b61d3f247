/**
 * Signals a process group. Every child leads its own group (spawned `detached`): Ctrl-C in the terminal reaches only the
 * supervisor, which stops things in order, and a child's own children (decoders) cannot outlive it.
 */

/** @returns false when nothing is left in the group. */
export function signalGroup(leaderPid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-leaderPid, signal);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // macOS answers EPERM for a group of zombies.
    if (code === 'ESRCH' || code === 'EPERM') return false;
    throw error;
  }
}
