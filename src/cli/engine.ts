import { existsSync } from "node:fs";
import module from "node:module";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";

/**
 * Fits V8 to a process that lives for half a second. Called once, by the entry, before any command is loaded; results never
 * depend on it.
 *
 * - Node 20: V8 optimises a function after so little running that most of the machine code is thrown away unused. Eight times
 *   the budget costs a fleet of 60 clusters nothing (10 % less CPU) and saves a single one 30 %. Newer V8 have other measures
 *   and no such flag, and gain nothing by a like change (docs/performance.md).
 * - Node 22.8 and newer keep compiled code in `node_modules/.cache/`, as other tools do: 15 % less for a start. Without that
 *   folder there is no cache, and where it can't be written Node goes on without.
 */
export function tuneEngine(home: string): void {
  if (process.versions.v8.startsWith("11.")) setFlagsFromString("--interrupt-budget=1200000");
  const enable: unknown = Reflect.get(module, "enableCompileCache");
  const modules = join(home, "node_modules");
  if (typeof enable === "function" && existsSync(modules)) Reflect.apply(enable, module, [join(modules, ".cache/halite")]);
}

/** Has V8 collect what is unused sooner where a process lives for weeks and keeps many clusters: a third less memory for a tenth more CPU. */
export function tuneForZone(): void {
  setFlagsFromString("--heap-growing-percent=40");
}

/** From so many clusters on memory is what runs out first. */
const MANY_CLUSTERS = 1000;

/** Has V8 collect what is unused sooner, for a tenth more CPU, where a fleet is so large that it counts. */
export function tuneForFleet(clusters: number): void {
  if (clusters > MANY_CLUSTERS) setFlagsFromString("--heap-growing-percent=40");
}
