import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { clusterId, helmChart, helmValues, writeFiles, type FleetShape } from "./fleet.ts";
import { measure, type Cost } from "./measure.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SALT_PYTHON = join(ROOT, "test/.cache/salt-venv/bin/python");
const HELM = process.env["HALITE_BENCH_HELM"] ?? join(ROOT, "test/.cache/bin/helm");

/** Real Salt is cut off here. */
const SALT_SECONDS = "60";

export function saltThere(): boolean {
  return existsSync(SALT_PYTHON) && spawnSync("unshare", ["-m", "true"]).status === 0;
}

export function helmThere(): boolean {
  return existsSync(HELM);
}

/** What is not there to be compared with, and how to get it. */
export function absentPeers(): readonly string[] {
  return [
    saltThere() ? "" : "real Salt (run `npm test` once, as root)",
    helmThere() ? "" : "Helm (HALITE_BENCH_HELM names its binary; docs/performance.md says where to get it)",
  ].filter((name) => name !== "");
}

export interface SaltRun {
  readonly cost: Cost;
  /** A folder of files for each cluster that was done before the time was up. */
  readonly out: string;
  readonly clusters: number;
}

/** Real Salt as a library, in a mount namespace where it may write /etc/kubernetes; over the first clusters, for a minute at most. */
export function applySalt(folder: string, clusters: number): SaltRun {
  const out = join(folder, "salt");
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  const ids = Array.from({ length: clusters }, (_, index) => clusterId(index));
  const script = 'mkdir -p /etc/kubernetes && mount -t tmpfs halite-bench /etc/kubernetes && exec "$@"';
  const output = join(folder, "salt.json");
  const program = [SALT_PYTHON, join(ROOT, "bench/salt_fleet.py"), folder, out, SALT_SECONDS, ...ids];
  const cost = measure(1, ["unshare", "-m", "sh", "-c", script, "sh", ...program], { output });
  const { clusters: done }: { clusters: number } = JSON.parse(readFileSync(output, "utf8"));
  return { out, cost, clusters: done };
}

/** The fleet as one Helm chart, with a file of values for each of its first clusters. */
export function writeHelm(folder: string, shape: FleetShape, clusters: number): void {
  writeFiles(join(folder, "chart"), helmChart(shape));
  const values = Array.from({ length: clusters }, (_, index): [string, string] => [
    valuesFile(index),
    JSON.stringify(helmValues(shape, index)),
  ]);
  writeFiles(join(folder, "values"), new Map(values));
}

/** One cluster's manifests. */
export function helmCommand(folder: string, cluster: number): string[] {
  return [HELM, "template", "fleet", join(folder, "chart"), "--values", join(folder, "values", valuesFile(cluster))];
}

/** The first clusters' manifests, one process after another. */
export function helmCommands(folder: string, clusters: number): string[] {
  const values = Array.from({ length: clusters }, (_, index) => join(folder, "values", valuesFile(index)));
  const script = 'helm=$1 chart=$2; shift 2; for values in "$@"; do "$helm" template fleet "$chart" --values "$values" || exit; done';
  return ["sh", "-c", script, "sh", HELM, join(folder, "chart"), ...values];
}

function valuesFile(cluster: number): string {
  return `${clusterId(cluster)}.json`;
}
