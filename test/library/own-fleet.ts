import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { FleetCompiler, kubernetesSchemas, loadFleet } from "../../src/fleet/index.ts";
import { PROJECT } from "../cli/halite.ts";

/** A cluster that only a test has. */
export interface OwnCluster {
  readonly id: string;
  /** Of Kubernetes, by minor version. */
  readonly version: string;
  readonly flavors?: readonly string[];
  /** Its own pillar SLS. */
  readonly pillar?: string;
}

/** Copies the shipped fleet's states, pillar and schemas to a folder, without its clusters. */
export function copyFleet(folder: string): void {
  for (const part of ["states", "pillar", "schemas/pillar", "schemas/crds", "secrets", "halite.yaml"])
    cpSync(join(PROJECT, part), join(folder, part), { recursive: true });
}

/** The shipped library, compiled for clusters of a test's own. */
export class OwnFleet {
  /** What is wrong, of all clusters. */
  readonly errors: unknown[] = [];
  readonly #files = new Map<string, ReadonlyMap<string, string>>();

  constructor(clusters: readonly OwnCluster[]) {
    const folder = mkdtempSync(join(tmpdir(), "halite-library-"));
    try {
      copyFleet(folder);
      const entries = clusters.map(({ id, version, flavors = [] }) => {
        const grains = `{region: us-east, az: iad1, kubernetes: "${version}", env: dev, flavors: [${flavors.join(", ")}]}`;
        return `${id}:\n  minion_opts:\n    grains: ${grains}\n`;
      });
      writeFileSync(join(folder, "pillar/roster.yaml"), entries.join(""));
      for (const { id, pillar } of clusters) if (pillar !== undefined) writeFileSync(join(folder, `pillar/cluster/${id}.sls`), pillar);
      const compiler = new FleetCompiler(loadFleet(join(folder, "halite.yaml"), kubernetesSchemas(PROJECT), PROJECT));
      for (const cluster of compiler.fleet.roster.clusters) {
        const compiled = compiler.compileToText(cluster);
        this.#files.set(cluster.id, compiled.files);
        this.errors.push(...compiled.findings.filter(({ severity }) => severity === "error"));
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** The compiled files of an addon. */
  names(id: string, addon: string): readonly string[] {
    return [...(this.#files.get(id)?.keys() ?? [])].filter((file) => file.startsWith(`${addon}/`));
  }

  /** A compiled file, by `ADDON/NAME.yaml`; empty where there is none. */
  text(id: string, file: string): string {
    return this.#files.get(id)?.get(file) ?? "";
  }

  /** The objects of a compiled file. */
  // oxlint-disable-next-line typescript/no-explicit-any -- compiled objects, read field by field by expectations
  objects(id: string, file: string): any[] {
    return parseAllDocuments(this.text(id, file)).map((document): unknown => document.toJS());
  }
}
