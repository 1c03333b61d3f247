/** The tasks of one lane in order of arrival, and how many of their rows still wait. */
import type { RowTask, Slice } from './row-task.js';

export interface LaneQueue {
  /** Rows waiting. */
  readonly rows: number;
  readonly head: RowTask | undefined;
  push(task: RowTask): void;
  /** Takes out what a task has waiting, if anything. */
  drop(task: RowTask): void;
  /** Takes at most `maxRows` rows off the front, splitting the last task where it must. */
  take(maxRows: number): Slice[];
}

export function createLaneQueue(): LaneQueue {
  const tasks: RowTask[] = [];
  let rows = 0;
  return {
    get rows() {
      return rows;
    },
    get head() {
      return tasks[0];
    },
    push(task) {
      tasks.push(task);
      rows += task.count - task.next;
    },
    drop(task) {
      const index = tasks.indexOf(task);
      if (index < 0) return;
      tasks.splice(index, 1);
      rows -= task.count - task.next;
    },
    take(maxRows) {
      const slices: Slice[] = [];
      let room = maxRows;
      for (let task = tasks[0]; task && room > 0; task = tasks[0]) {
        const slice = { task, from: task.next, count: Math.min(room, task.count - task.next) };
        slices.push(slice);
        task.next += slice.count;
        room -= slice.count;
        if (task.next === task.count) tasks.shift();
      }
      rows -= maxRows - room;
      return slices;
    },
  };
}
