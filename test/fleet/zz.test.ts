import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FleetCompiler, loadFleet } from "../../src/fleet/index.ts";
import { edited, filesOf, FIRST, type Edit, type World } from "./edited-fleet.ts";
const HOME = fileURLToPath(new URL("../..", import.meta.url));
function put(folder: string, world: World) {
  rmSync(folder, { recursive: true, force: true });
  for (const [path, text] of filesOf(world)) { mkdirSync(dirname(join(folder, path)), { recursive: true }); writeFileSync(join(folder, path), text); }
}
let failed = 0; let states = 0; let taken = 0, computed = 0, good = 0, bad = 0; let alone = 0;
function compileAll(folder: string, memo: boolean) {
  let fleet;
  try { fleet = loadFleet(join(folder, "halite.yaml"), "1.36", HOME); } catch (e) { return String(e); }
  const c = new FleetCompiler(fleet, HOME, { memo });
  const r = fleet.roster.clusters.map((cl) => { const f = c.compileFollowed(cl); const x = f.compiled; if (memo && f.questions === undefined) alone++; return { ...x, files: [...x.files] }; });
  if (memo) { taken += c.counts.taken; computed += c.counts.computed; for (const x of r) if (x.release.state === "failed") failed++; else for (const a of x.release.addons) if (a.state === "failed") bad++; else good++; }
  return r;
}
const edit: fc.Arbitrary<Edit> = fc.record({ does: fc.constantFrom("change", "change", "change", "insert", "insert", "delete", "swap", "add", "remove", "rename", "mend", "mend", "mend"), file: fc.nat(40), block: fc.nat(20), with: fc.nat(400) });
const seen = new Map<string, number>();
test("x", () => {
  const folder = mkdtempSync(join(tmpdir(), "halite-edit-"));
  const runs = Number(process.env["RUNS"] ?? 10);
  fc.assert(fc.property(fc.array(edit, { minLength: 1, maxLength: 12, size: "max" }), (edits) => {
    let world = FIRST;
    for (const e of edits) {
      world = edited(world, e);
      put(folder, world);
      states++;
      const memo = compileAll(folder, true);
      const none = compileAll(folder, false);
      if (JSON.stringify(memo) !== JSON.stringify(none)) expect(memo).toEqual(none);
    }
  }), { numRuns: runs, endOnFailure: process.env["END"] === "1" });
  console.log({ states, failed, taken, computed, good, bad, alone });
}, 600000);
