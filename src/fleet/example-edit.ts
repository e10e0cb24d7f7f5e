import { resolve } from "node:path";
import { str } from "../python/index.ts";
import { leavesOf, valueAt, withValue, type DataPlace } from "./changed-data.ts";
import type { FleetCompiler } from "./compile.ts";
import { withFiles, type Fleet } from "./load.ts";
import { OverlayFiles } from "./overlay-files.ts";
import type { Cluster } from "./roster.ts";

/** A fleet in which one number of pillar is one higher, in memory. */
export interface ExampleEdit {
  readonly fleet: Fleet;
  /** Keys joined by `:`. */
  readonly key: string;
  readonly file: string;
  readonly line: number;
  readonly before: number;
  readonly after: number;
}

/** So many numbers are tried. */
const MOST = 24;

/** An edit of one value that does something to a cluster, and fails nothing; `undefined` where none is found soon. */
export function exampleEdit(compiler: FleetCompiler, cluster: Cluster): ExampleEdit | undefined {
  const { data, provenance } = compiler.pillarProvenanceOf(cluster);
  const own = textOf(compiler.compile(cluster));
  const numbers = leavesOf(data).filter(
    (place) => typeof valueAt(data, place) === "number" && place.every((step) => typeof step === "string"),
  );
  for (const place of numbers.slice(0, MOST)) {
    const at = provenance?.at(place)?.winner;
    const before = valueAt(data, place);
    if (at?.line === undefined || typeof before !== "number" || !isWhole(own)) continue;
    const other = textOf(compiler.compileWith(cluster, withValue(data, place, before + 1)));
    if (other === own || !isWhole(other)) continue;
    const fleet = edited(compiler.fleet, at.file, at.line, before);
    if (fleet !== undefined) return { fleet, key: keyOf(place), file: at.file, line: at.line, before, after: before + 1 };
  }
  return undefined;
}

function keyOf(place: DataPlace): string {
  return place.map((step) => str(step)).join(":");
}

/** The fleet with another number at the end of a line. */
function edited(fleet: Fleet, file: string, line: number, before: number): Fleet | undefined {
  const path = resolve(fleet.folder, file);
  if (fleet.files.status(path)?.kind !== "file") return undefined;
  const lines = new TextDecoder().decode(fleet.files.read(path)).split("\n");
  const [, head, number, tail] = /^(.*:[ ]*)(\d+)([ ]*(?:#.*)?)$/.exec(lines[line - 1] ?? "") ?? [];
  if (Number(number) !== before) return undefined;
  lines[line - 1] = `${head ?? ""}${before + 1}${tail ?? ""}`;
  return withFiles(fleet, new OverlayFiles(fleet.files, new Map([[path, new TextEncoder().encode(lines.join("\n"))]])));
}

function textOf({ release }: ReturnType<FleetCompiler["compile"]>): string {
  if (release.state === "failed") return "";
  return release.addons
    .map((addon) => (addon.state === "failed" ? "failed" : addon.objects.map(({ digest }) => digest).join(" ")))
    .join("\n");
}

function isWhole(text: string): boolean {
  return text !== "" && !text.split("\n").includes("failed");
}
