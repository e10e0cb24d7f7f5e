/**
 * `npm run bench`: Halite against real Salt and Helm on the same generated fleet, in one run.
 *
 * Results are proven equal first. Whole processes are measured, start included: wall and CPU seconds and peak memory, medians of
 * several runs. A peer that is absent is left out and named. Needs Python 3 for the measuring itself.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PyDict, type Value } from "../src/python/index.ts";
import { loadKubernetes } from "../src/yaml/index.ts";
import { clusterId, helmChart, helmValues, saltTree, writeFiles } from "./fleet.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const HALITE = join(ROOT, "dist/halite.mjs");
const VENV = join(ROOT, "test/.cache/salt-venv/bin/python");
const HELM = process.env["HALITE_BENCH_HELM"] ?? join(ROOT, "test/.cache/bin/helm");

interface Cost {
  readonly wall: number;
  readonly cpu: number;
  /** MiB. */
  readonly peak: number;
}

/** The median cost of a command over some runs. */
function measure(runs: number, command: readonly string[], before: () => void = () => undefined, output = "/dev/null"): Cost {
  const costs: Cost[] = [];
  for (let run = 0; run < runs; run++) {
    before();
    const done = spawnSync("python3", [join(ROOT, "bench/measure.py"), output, ...command], {
      encoding: "utf8",
      env: { ...process.env, NODE_EXTRA_CA_CERTS: undefined },
    });
    if (done.error !== undefined) throw new Error("the benchmark is measured by python3, which can't be started", { cause: done.error });
    if (done.status !== 0) throw new Error(`bench/measure.py ended with ${String(done.status)}:\n${done.stderr}`);
    const cost: Cost & { status: number } = JSON.parse(done.stdout.trim().split("\n").at(-1) ?? "{}");
    if (cost.status !== 0) throw new Error(`${command.join(" ")} ended with ${cost.status}:\n${done.stderr}`);
    costs.push(cost);
  }
  const median = (pick: (cost: Cost) => number): number => costs.map(pick).sort((a, b) => a - b)[Math.floor(runs / 2)] ?? 0;
  return { wall: median((cost) => cost.wall), cpu: median((cost) => cost.cpu), peak: Math.max(...costs.map((cost) => cost.peak)) };
}

const node = process.execPath;
const work = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "halite-bench-"));
const rows: { what: string; cost: Cost; note: string }[] = [];

try {
  const trees = new Map([1, 10, 50].map((clusters) => [clusters, tree(clusters)]));
  const ten = trees.get(10) ?? "";
  const salt = saltThere() ? applySalt(ten, 10) : undefined;
  if (salt !== undefined) proveEqualToSalt(ten, salt.out);
  const helm = existsSync(HELM);
  if (helm) proveEqualToHelm(ten);
  const one = trees.get(1) ?? "";
  const render = (folder: string, ...options: string[]): Cost =>
    measure(5, [node, HALITE, "render", "--config", join(folder, "halite.yaml"), ...options], () =>
      rmSync(join(folder, "out"), { recursive: true, force: true }),
    );
  add("node, an empty program", measure(5, [node, "-e", "0"]), "the floor of every start");
  add("halite --version", measure(5, [node, HALITE, "--version"]));
  add(
    "halite show low, one cluster",
    measure(5, [node, HALITE, "show", "low", "--cluster", clusterId(0), "--json", "--config", join(one, "halite.yaml")]),
    "wanted: 0.25 s wall",
  );
  add("halite render, 1 cluster", render(one), "wanted: 0.45 CPU s");
  add("halite render, 10 different clusters", render(ten), "wanted: 1.5 CPU s, 250 MiB");
  add("halite render, 50 different clusters, one thread", render(trees.get(50) ?? "", "--jobs", "1"));
  add("halite render, 50 different clusters, two threads", render(trees.get(50) ?? "", "--jobs", "2"));
  if (salt !== undefined) {
    add("Salt, 1 cluster, no validation", applySalt(one, 1).cost);
    add(`Salt, ${salt.clusters} clusters, no validation`, salt.cost);
  }
  if (helm) {
    add("Helm in one chart, 1 cluster, no validation", measure(5, helmCommand(ten, 0)));
    const each = measure(3, helmCommand(ten, 1));
    add(
      "Helm in one chart, 10 clusters, no validation",
      { wall: 10 * each.wall, cpu: 10 * each.cpu, peak: each.peak },
      "ten times one process",
    );
  }
  print();
} finally {
  rmSync(work, { recursive: true, force: true });
}

function add(what: string, cost: Cost, note = ""): void {
  rows.push({ what, cost, note });
}

/** A fleet in which every cluster differs from every other. */
function tree(clusters: number): string {
  const folder = join(work, `fleet-${clusters}`);
  writeFiles(folder, saltTree({ clusters, variants: clusters }));
  writeFiles(join(folder, "chart"), helmChart());
  writeFiles(
    join(folder, "values"),
    new Map(Array.from({ length: clusters }, (_, variant) => [`v${variant}.json`, JSON.stringify(helmValues(variant))])),
  );
  return folder;
}

function saltThere(): boolean {
  return existsSync(VENV) && spawnSync("unshare", ["-m", "true"]).status === 0;
}

/** Real Salt in a mount namespace, where it may write /etc/kubernetes; for a minute at most. */
function applySalt(folder: string, clusters: number): { readonly out: string; readonly cost: Cost; readonly clusters: number } {
  const out = join(work, `salt-${clusters}`);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  const ids = Array.from({ length: clusters }, (_, index) => clusterId(index));
  const script = 'mkdir -p /etc/kubernetes && mount -t tmpfs halite-bench /etc/kubernetes && exec "$@"';
  const said = join(work, "salt.json");
  const cost = measure(
    1,
    ["unshare", "-m", "sh", "-c", script, "sh", VENV, join(ROOT, "bench/salt_fleet.py"), folder, out, "60", ...ids],
    () => undefined,
    said,
  );
  const { clusters: done }: { clusters: number } = JSON.parse(readFileSync(said, "utf8"));
  return { out, cost, clusters: done };
}

function halite(args: readonly string[]): string {
  return execFileSync(node, [HALITE, ...args], { encoding: "utf8", maxBuffer: 256 * 1024 * 1024 });
}

interface ShownFile {
  readonly content: string;
}

function haliteFiles(folder: string, cluster: string): Map<string, string> {
  const shown: Record<string, ShownFile> = JSON.parse(
    halite(["show", "files", "--json", "--cluster", cluster, "--config", join(folder, "halite.yaml")]),
  );
  return new Map(Object.entries(shown).map(([path, file]) => [path.replace("/etc/kubernetes/addons/", ""), file.content]));
}

function proveEqualToSalt(folder: string, out: string): void {
  for (const cluster of readdirSync(out)) {
    const ours = haliteFiles(folder, cluster);
    const theirs = readdirSync(join(out, cluster), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    if (ours.size !== theirs.length) throw new Error(`${cluster}: ${ours.size} files here, ${theirs.length} by Salt`);
    for (const entry of theirs) {
      const path = join(entry.parentPath, entry.name).slice(join(out, cluster).length + 1);
      if (ours.get(path) !== readFileSync(join(out, cluster, path), "utf8")) throw new Error(`${cluster}: ${path} differs from Salt's`);
    }
  }
}

function helmCommand(folder: string, cluster: number): string[] {
  return [HELM, "template", "fleet", join(folder, "chart"), "--values", join(folder, "values", `v${cluster}.json`)];
}

function proveEqualToHelm(folder: string): void {
  for (let cluster = 0; cluster < 10; cluster++) {
    const [command = "", ...args] = helmCommand(folder, cluster);
    const theirs = objects([execFileSync(command, args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 })]);
    const ours = objects([...haliteFiles(folder, clusterId(cluster)).values()]);
    if (JSON.stringify(ours) !== JSON.stringify(theirs)) throw new Error(`${clusterId(cluster)}: objects differ from Helm's`);
  }
}

/** Every object, sorted, as text. */
function objects(texts: readonly string[]): string[] {
  return texts
    .flatMap((text) => loadKubernetes(text, { file: "bench" }))
    .flatMap((document) => (document.value instanceof PyDict ? [sorted(document.value)] : []))
    .sort();
}

function sorted(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(",")}]`;
  if (!(value instanceof PyDict)) return JSON.stringify(value instanceof Object ? value.repr() : String(value));
  return `{${[...value.entries()]
    .map(([key, item]) => `${JSON.stringify(key)}:${sorted(item)}`)
    .sort()
    .join(",")}}`;
}

function print(): void {
  const longest = Math.max(...rows.map((row) => row.what.length));
  console.log(`Node ${process.versions.node}, ${cpus().length} cores, ${cpus()[0]?.model ?? ""}; medians; results proven equal\n`);
  console.log(`${"".padEnd(longest)}   wall s   CPU s  peak MiB`);
  for (const { what, cost, note } of rows) {
    console.log(
      `${what.padEnd(longest)}  ${cost.wall.toFixed(3).padStart(7)} ${cost.cpu.toFixed(3).padStart(7)} ${cost.peak.toFixed(0).padStart(9)}  ${note}`,
    );
  }
  const absent = [
    saltThere() ? "" : "real Salt (run `npm test` once, as root)",
    existsSync(HELM) ? "" : "Helm (HALITE_BENCH_HELM names its binary; docs/performance.md says where to get it)",
  ].filter((name) => name !== "");
  if (absent.length > 0) console.log(`\nabsent: ${absent.join(", ")}`);
}
