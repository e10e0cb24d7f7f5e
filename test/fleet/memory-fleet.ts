import { NO_BUNDLES } from "../../src/bundle/index.ts";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { parseFleetConfig } from "../../src/fleet/config.ts";
import { FleetCompiler, kubernetesSchemas, type CompiledCluster, type Fleet } from "../../src/fleet/index.ts";
import { parseRoster } from "../../src/fleet/roster.ts";
import { Disk, MemoryFileRoots } from "../../src/salt/index.ts";

/** The program's folder. */
export const HOME = fileURLToPath(new URL("../..", import.meta.url));
const SCHEMAS = kubernetesSchemas(HOME);

/** A fleet of files below `states/` and `pillar/`, `roster.yaml` and `halite.yaml`, on no disk. @throws FindingError where the last two are not right */
export function fleetOf(files: ReadonlyMap<string, string>): Fleet {
  const config = parseFleetConfig(files.get("halite.yaml") ?? "", "halite.yaml");
  const roster = parseRoster(files.get("roster.yaml") ?? "", "roster.yaml", config.kubernetes ?? "1.36");
  const below = (folder: string): MemoryFileRoots =>
    new MemoryFileRoots(
      {
        base: Object.fromEntries(
          [...files].filter(([path]) => path.startsWith(folder)).map(([path, text]) => [path.slice(folder.length), text]),
        ),
      },
      folder.slice(0, -1),
    );
  return {
    folder: "/nowhere",
    configFile: "halite.yaml",
    files: new Disk(),
    config,
    roster,
    fileRoots: below("states/"),
    pillarRoots: below("pillar/"),
    sealedRoots: below("secrets/"),
    findings: roster.findings,
    schemas: SCHEMAS,
    bundles: NO_BUNDLES,
  };
}

/** All clusters, compiled. */
export function compiled(
  fleet: Fleet,
  memo: boolean,
): { readonly clusters: readonly CompiledCluster[]; readonly counts: FleetCompiler["counts"] } {
  const compiler = new FleetCompiler(fleet, { memo });
  return { clusters: fleet.roster.clusters.map((cluster) => compiler.compileToText(cluster)), counts: compiler.counts };
}

/** Compiles with the memo and without it, and expects the same of both: every byte, finding and order. */
export function expectSame(fleet: Fleet): ReturnType<typeof compiled> {
  const shared = compiled(fleet, true);
  const alone = compiled(fleet, false).clusters;
  for (const [index, cluster] of alone.entries()) {
    const other = shared.clusters[index];
    // The first cluster that differs says it all.
    if (textOf(cluster) !== textOf(other)) expect(plain(other)).toStrictEqual(plain(cluster));
  }
  expect(shared.clusters.length).toBe(alone.length);
  return shared;
}

function textOf(cluster: CompiledCluster | undefined): string {
  return JSON.stringify(plain(cluster));
}

function plain(cluster: CompiledCluster | undefined): object {
  return { ...cluster, files: [...(cluster?.files ?? [])] };
}
