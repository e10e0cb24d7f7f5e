import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { saltTree, writeFiles, type FleetShape } from "./fleet.ts";
import { measure, type Cost } from "./measure.ts";
import { applySalt, helmThere, saltThere, writeHelm } from "./peers.ts";
import { coldRender, forget, knows, run } from "./program.ts";
import { filePaths, proveEqualToHelm, proveEqualToSalt, proveOut } from "./prove.ts";
import { heading, remark, row, skipped, type Wanted } from "./table.ts";
import { measureWarm } from "./warm.ts";

interface Scale {
  readonly clusters: number;
  readonly variants: number;
  readonly runs: number;
  readonly wanted: Wanted;
}

const SCALES: readonly Scale[] = [
  { clusters: 1, variants: 1, runs: 5, wanted: {} },
  { clusters: 50, variants: 10, runs: 5, wanted: { cpu: 1.5 } },
  { clusters: 200, variants: 20, runs: 3, wanted: { cpu: 2.5 } },
  { clusters: 1000, variants: 20, runs: 3, wanted: { cpu: 5 } },
  { clusters: 10_000, variants: 200, runs: 1, wanted: { wall: 40, peak: 1536 } },
];

/** Where memo, Salt and Helm are compared, and copying and hashing are measured first. */
const PROVEN = 50;
/** Where renders with cache and out/ are measured. */
const WARM = 1000;

/** Hostile fleets by size, cold, then one of them warm; what reading and copying the bytes alone costs beside it. */
export function measureScale(work: string, most: number): void {
  const scales = SCALES.filter(({ clusters }) => clusters <= most);
  const largest = scales.at(-1)?.clusters ?? 0;
  const warm = Math.min(WARM, largest);
  const sizes: Size[] = [];
  for (const scale of scales) {
    const folder = hostileFleet(work, scale);
    if (scale.clusters === PROVEN) prove(folder, scale);
    heading(`Hostile fleet, ${fleetName(scale)}`);
    const cost = coldRender(scale.runs, folder);
    row("halite render, cold", cost, "", scale.wanted);
    const floors = scale.clusters === PROVEN || scale.clusters === largest ? measureFloors(scale.runs, folder) : undefined;
    sizes.push({ clusters: scale.clusters, cost, floors, ...volume(join(folder, "out")) });
    if (scale.clusters === PROVEN) measureWithoutMemo(scale.runs, folder);
    if (scale.clusters === warm) measureWarm(folder, scale.clusters, warm === WARM);
    rmSync(folder, { recursive: true, force: true });
  }
  printSizes(sizes);
}

/** A generated hostile fleet in a folder of its own. */
export function hostileFleet(work: string, { clusters, variants }: FleetShape): string {
  const folder = join(work, `fleet-${clusters}`);
  writeFiles(folder, saltTree({ clusters, variants, hostile: true }));
  return folder;
}

export function fleetName({ clusters, variants }: FleetShape): string {
  return `${clusters.toLocaleString("en")} cluster${clusters === 1 ? "" : "s"} in ${variants} variant${variants === 1 ? "" : "s"}`;
}

function prove(folder: string, { clusters, variants }: Scale): void {
  forget(folder);
  run(folder, "render");
  if (knows("render", "--no-memo")) {
    proveOut("with and without memo", folder, "--no-memo");
    remark(`\nproven: out/ of ${clusters} hostile clusters is the same, byte by byte, with and without memo`);
  } else remark("\nnot proven: this halite has no --no-memo to compare with");
  const some = 5;
  if (saltThere()) {
    proveEqualToSalt(folder, applySalt(folder, some).out);
    remark(`proven: files of the first ${some} hostile clusters equal real Salt's`);
  }
  if (helmThere()) {
    writeHelm(folder, { clusters, variants, hostile: true }, some);
    proveEqualToHelm(folder, some);
    remark(`proven: objects of the first ${some} hostile clusters equal Helm's`);
  }
}

function measureWithoutMemo(runs: number, folder: string): void {
  const what = "halite render --no-memo, cold";
  if (knows("render", "--no-memo")) row(what, coldRender(runs, folder, "--no-memo"));
  else skipped(what, "this halite has no such option");
}

interface Floors {
  readonly copy: Cost;
  readonly hash: Cost;
}

/** What nothing that writes out/, or looks whether it is right, can go below. */
function measureFloors(runs: number, folder: string): Floors {
  const [out, copied] = [join(folder, "out"), join(folder, "copied")];
  const removeCopy = (): void => rmSync(copied, { recursive: true, force: true });
  const copy = measure(runs, ["cp", "-r", out, copied], { after: removeCopy });
  const hash = measure(runs, ["python3", "-c", HASH, out]);
  row("floor: cp -r of out/ to a fresh place", copy);
  row("floor: SHA-256 of all bytes of out/, by Python's hashlib", hash, "start of Python included");
  return { copy, hash };
}

const HASH = `import hashlib, os, sys
total = hashlib.sha256()
for folder, folders, files in os.walk(sys.argv[1]):
    folders.sort()
    for name in sorted(files):
        with open(os.path.join(folder, name), "rb") as handle:
            total.update(handle.read())
print(total.hexdigest())`;

interface Volume {
  readonly files: number;
  readonly bytes: number;
  readonly distinct: number;
}

/** How much a compiled fleet is. */
function volume(out: string): Volume {
  const contents = new Set<string>();
  let [files, bytes] = [0, 0];
  for (const path of filePaths(out)) {
    const content = readFileSync(join(out, path));
    files += 1;
    bytes += content.length;
    contents.add(createHash("sha256").update(content).digest("base64"));
  }
  return { files, bytes, distinct: contents.size };
}

interface Size extends Volume {
  readonly clusters: number;
  readonly cost: Cost;
  readonly floors: Floors | undefined;
}

/** How the cost of one cluster changes with the size of the fleet, beside that of its bytes. */
function printSizes(sizes: readonly Size[]): void {
  remark("\nA cluster of such a fleet, cold, CPU ms");
  remark("clusters  render  cp -r  SHA-256  KB of out/  files     MB of all  files of all  distinct contents");
  for (const { clusters, cost, floors, files, bytes, distinct } of sizes) {
    const each = (seconds: number | undefined): string => (seconds === undefined ? "–" : ((1000 * seconds) / clusters).toFixed(2));
    const cells = [
      clusters.toLocaleString("en").padStart(8),
      each(cost.cpu).padStart(7),
      each(floors?.copy.cpu).padStart(6),
      each(floors?.hash.cpu).padStart(8),
      (bytes / clusters / 1000).toFixed(1).padStart(11),
      (files / clusters).toFixed(0).padStart(6),
      (bytes / 1e6).toFixed(1).padStart(13),
      files.toLocaleString("en").padStart(13),
      distinct.toLocaleString("en").padStart(18),
    ];
    remark(cells.join(" "));
  }
}
