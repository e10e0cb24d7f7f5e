import type { RenderProgress } from "../fleet/index.ts";
import type { Terminal } from "./terminal.ts";

/** A line is shown so often at most, in milliseconds. */
const EVERY = 100;

/**
 * Tells on a terminal how far a render is: clusters done, computations carried out and results taken over, and the time that is left at
 * this pace.
 */
export function progressLine(terminal: Terminal, total: number, now: () => number = () => performance.now()): (at: RenderProgress) => void {
  const begun = now();
  let shown = -Infinity;
  return (at) => {
    const time = now();
    if (time - shown < EVERY) return;
    shown = time;
    terminal.progress(describeProgress(at, total, time - begun));
  };
}

/** `412/1000 clusters, 96 unchanged; 4,310 computed, 20,874 taken over; 3 s left` */
export function describeProgress({ clusters, computed, taken, unchanged }: RenderProgress, total: number, elapsed: number): string {
  const parts = [`${clusters}/${total} clusters${unchanged > 0 ? `, ${unchanged} unchanged` : ""}`];
  if (computed > 0) parts.push(`${grouped(computed)} computed, ${grouped(taken)} taken over`);
  if (clusters > 0 && clusters < total) parts.push(`${Math.ceil(((elapsed / clusters) * (total - clusters)) / 1000)} s left`);
  return parts.join("; ");
}

/** `312 ms`, `4.2 s` */
export function duration(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** `4,310` */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");
}
