import type { Cost } from "./measure.ts";

/** The figures that a row is to stay within. */
export interface Wanted {
  /** Seconds. */
  readonly wall?: number;
  /** Seconds. */
  readonly cpu?: number;
  /** MiB. */
  readonly peak?: number;
}

const WIDTH = 68;

/** A heading over rows. */
export function heading(text: string): void {
  console.log(`\n${text.padEnd(WIDTH)}   wall s    CPU s  peak MiB`);
}

/** Prints a row as soon as it is known: a large fleet takes its time. */
export function row(what: string, cost: Cost, note = "", wanted: Wanted = {}): void {
  const figures = `${cost.wall.toFixed(3).padStart(8)} ${cost.cpu.toFixed(3).padStart(8)} ${cost.peak.toFixed(0).padStart(9)}`;
  const notes = [wantedText(cost, wanted), note].filter((text) => text !== "").join("; ");
  console.log(`${what.padEnd(WIDTH)} ${figures}  ${notes}`.trimEnd());
}

/** A row that can't be measured, and why. */
export function skipped(what: string, why: string): void {
  console.log(`${what.padEnd(WIDTH)}        –        –         –  skipped: ${why}`);
}

/** A line of its own: a proof, or what a row's input is. */
export function remark(text: string): void {
  console.log(text);
}

function wantedText(cost: Cost, wanted: Wanted): string {
  const parts: string[] = [];
  let met = true;
  const want = (figure: number, limit: number | undefined, unit: string): void => {
    if (limit === undefined) return;
    parts.push(`${limit} ${unit}`);
    met &&= figure <= limit;
  };
  want(cost.wall, wanted.wall, "s wall");
  want(cost.cpu, wanted.cpu, "CPU s");
  want(cost.peak, wanted.peak, "MiB");
  return parts.length === 0 ? "" : `wanted: ${parts.join(", ")}: ${met ? "met" : "NOT MET"}`;
}
