import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { HALITE } from "./halite.ts";

const DIST = join(HALITE, "..");

/** Every file that node reads before a command's own code runs: its chunk with all that those import, and the entry's. */
function loadedAtStart(command: string): ReadonlySet<string> {
  const first = readdirSync(DIST).find((name) => new RegExp(`^${command}-[A-Z0-9]{8}\\.mjs$`).test(name));
  if (first === undefined) throw new Error(`dist/ has no chunk of halite ${command}`);
  const found = new Set(["halite.mjs", first]);
  for (const name of found) {
    // `import("…")` is had later.
    for (const [, other = ""] of readFileSync(join(DIST, name), "utf8").matchAll(/(?:from|import)"\.\/([\w.-]+\.mjs)"/g)) found.add(other);
  }
  return found;
}

test.each([
  // Roster, plan and apply, and neither the compiler, git, what opens secrets, nor CEL and ajv, which are had when they are needed.
  { command: "apply", kib: 500 },
  { command: "plan", kib: 500 },
  { command: "status", kib: 500 },
])("halite $command loads at most $kib KiB of code before it begins", ({ command, kib }) => {
  const files = [...loadedAtStart(command)];
  const bytes = files.reduce((sum, name) => sum + statSync(join(DIST, name)).size, 0);
  expect(bytes, files.map((name) => `${name} ${statSync(join(DIST, name)).size}`).join("\n")).toBeLessThan(kib * 1024);
});
