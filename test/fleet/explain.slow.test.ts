import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { publishedObjects, publishedText, readAddonSettings } from "../../src/addon/index.ts";
import { FleetCompiler, kubernetesSchemas, testClusterId } from "../../src/fleet/compile.ts";
import { Explainer, loadFleet, minionOfCluster, type ExplainedValue } from "../../src/fleet/index.ts";
import { Memo } from "../../src/memo/index.ts";
import { MemoryFileRoots, SaltCompiler, SharedStates } from "../../src/salt/index.ts";
import { PROJECT } from "../cli/halite.ts";
import { compareLine } from "./kept-lines.ts";
import { keyChanges, leafLines } from "./pillar-lines.ts";

const fleet = loadFleet(join(PROJECT, "halite.yaml"), kubernetesSchemas(PROJECT), PROJECT);
const compiler = new FleetCompiler(fleet);

/** The pillar files of the shipped fleet, by path within the pillar. */
const PILLAR: ReadonlyMap<string, string> = new Map(
  readdirSync(join(PROJECT, "pillar"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".sls"))
    .map((path) => [path, readFileSync(join(PROJECT, "pillar", path), "utf8")]),
);

/** An output line of a cluster. */
interface OutLine {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

/** What fails an addon for what others make of another value; what else does says that the value is none that the addon can have. */
const MISSED = new Set(["addon-namespace-unknown", "addon-dependency-missing", "schema-kind-unknown"]);

/** Output files of a cluster with other pillar, and whether the schemas of pillar take that. */
type Changed = ReadonlyMap<string, string> & { readonly taken: boolean };

/** One cluster with other pillar, compiled as a whole. Of the checks of what comes out those count that are about other addons. */
class ChangedCluster {
  readonly #cluster: ReturnType<typeof clusterOf>;
  readonly #minion: ReturnType<typeof minionOfCluster>;
  readonly #salt = new SaltCompiler();
  readonly #memo = new Memo(testClusterId);
  readonly #shared = new SharedStates();
  readonly #texts = new WeakMap<object, Map<string | undefined, string>>();
  readonly #wanted: ReadonlySet<string>;

  constructor(id: string, wanted: ReadonlySet<string>) {
    this.#cluster = clusterOf(id);
    this.#minion = minionOfCluster(fleet, this.#cluster);
    this.#wanted = wanted;
  }

  /** The output files of the cluster with other texts of some pillar files. */
  files(texts: Readonly<Record<string, string>>): Changed {
    const roots = new MemoryFileRoots({ base: { ...Object.fromEntries(PILLAR), ...texts } }, "pillar");
    const minion = { ...this.#minion, pillarRoots: roots };
    const pillar = this.#salt.forMinion(minion).pillar();
    expect(pillar.messages, `${Object.keys(texts).join(", ")} with another value`).toEqual([]);
    const { addons } = readAddonSettings(pillar.value.data);
    const compiled = this.#salt.forSharing(minion, this.#memo, this.#shared, pillar).files();
    const files = new Map<string, string>();
    for (const file of compiled.value?.files ?? []) {
      const out = file.path.replace("/etc/kubernetes/addons/", "");
      if (file.kind !== "file" || !this.#wanted.has(out)) continue;
      const mode = addons.get(out.split("/")[0] ?? "")?.mode;
      const known = this.#texts.get(file) ?? new Map<string | undefined, string>();
      this.#texts.set(file, known);
      let published = known.get(mode);
      if (published === undefined) {
        published = publishedText(publishedObjects(file, mode) ?? []);
        known.set(mode, published);
      }
      files.set(out, published);
    }
    const { release } = compiler.compileWith(this.#cluster, pillar.value.data);
    const missing =
      release.state === "compiled"
        ? release.addons
            .filter((addon) => addon.state === "failed" && addon.why.every(({ code }) => MISSED.has(code)))
            .map(({ name }) => name)
        : [];
    for (const path of files.keys()) if (missing.includes(path.split("/")[0] ?? "")) files.delete(path);
    return Object.assign(files, { taken: compiler.pillarProblems(pillar.value.data) === 0 });
  }
}

function clusterOf(id: string): (typeof fleet.roster.clusters)[number] {
  const cluster = fleet.roster.clusters.find((each) => each.id === id);
  if (cluster === undefined) throw new Error(`no cluster ${id}`);
  return cluster;
}

/** The output files of a cluster as it is, but for bundles and sealed sources, which no state has written. */
function outOf(id: string): ReadonlyMap<string, string> {
  const { files } = compiler.compileToText(clusterOf(id));
  return new Map([...files].filter(([path]) => path !== "release.yaml" && !path.includes("/bundles/") && !path.startsWith(".sealed/")));
}

function linesOf(files: ReadonlyMap<string, string>): readonly OutLine[] {
  return [...files].flatMap(([path, text]) =>
    text
      .replace(/\n$/, "")
      .split("\n")
      .map((line, index) => ({ path, line: index + 1, text: line })),
  );
}

function placeOf(value: ExplainedValue): string {
  return value.at === undefined ? "" : `${value.at.file}:${value.at.line}`;
}

/**
 * Of each cluster every how manieth line is explained, from which on. `HALITE_EXPLAIN=CLUSTER:STRIDE:START,…` takes others: a stride of 1 is a whole
 * cluster, and takes an hour.
 */
const SAMPLES = (process.env["HALITE_EXPLAIN"] ?? "sjc1-prod-01:277:100,iad1-dev-01:277:60").split(",").map((sample) => {
  const [id = "", stride, start] = sample.split(":");
  return { id, stride: Number(stride), start: Number(start) };
});

describe("explain names the pillar lines that an output line hangs on, all of them and no other", () => {
  test.each(SAMPLES)("$id", ({ id, stride, start }) => {
    const files = outOf(id);
    const plain = new ChangedCluster(id, new Set(files.keys())).files({});
    // The name of a bundle's ConfigMap is no state's, and not in what is compared here.
    const written = linesOf(files).filter(({ path, line, text }) => plain.get(path)?.split("\n")[line - 1] === text);
    const sample = written.filter((_, index) => index % stride === start);
    expect(sample.length).toBeGreaterThan(15);
    const changed = new ChangedCluster(id, new Set(sample.map(({ path }) => path)));
    const explainer = new Explainer(fleet, clusterOf(id));
    const others = [...PILLAR]
      .filter(([path]) => path !== "top.sls")
      .flatMap(([path, text]) => leafLines(path, text))
      .map(({ file, line, changes }) => ({
        at: `pillar/${file}:${line}`,
        outs: changes.map(({ text, emptied }) => ({ out: changed.files({ [file]: text }), emptied })),
      }));
    const wrong: string[] = [];
    let told = 0;
    for (const { path, line, text } of sample) {
      const [addon = "", ...rest] = path.split("/");
      const explained = explainer.explain({ addon, file: rest.join("/"), line });
      if ("missing" in explained) throw new Error(`${path}:${line} is not there`);
      expect(explained.text).toBe(text);
      const before = files.get(path) ?? "";
      const effect = (out: ReadonlyMap<string, string>): ReturnType<typeof compareLine> => compareLine(before, out.get(path) ?? "", line);
      told += explained.values.length;
      const named = new Set(explained.values.filter(({ root, at }) => root === "pillar" && at !== undefined).map(placeOf));
      for (const at of named) {
        const [, file = "", row = ""] = /^pillar\/(.*):(\d+)$/.exec(at) ?? [];
        const keys = keyChanges(PILLAR.get(file) ?? "", Number(row)).map((other) => changed.files({ [file]: other }));
        const values = others.find((each) => each.at === at)?.outs.map(({ out }) => out) ?? [];
        if (![...values, ...keys].some((out) => effect(out).removed))
          wrong.push(`${path}:${line} does not change with ${at}, which is named`);
      }
      for (const { at, outs: all } of others) {
        // That a template fails where it has nothing says nothing of a line: it is so of every value that may not be empty.
        const able = all.filter(({ out, emptied }) => !emptied || out.has(path)).map(({ out }) => out);
        const outs = able.some(({ taken }) => taken) ? able.filter(({ taken }) => taken) : able;
        if (!named.has(at) && outs.some((out) => !effect(out).kept)) wrong.push(`${path}:${line} changes with ${at}, which is not named`);
      }
    }
    expect(wrong).toEqual([]);
    expect(told).toBeGreaterThan(5);
  });
});

test("of a condition that several lines make together, all of them are named", () => {
  const path = "storage-alerts/rules.yaml";
  const text = outOf("sjc1-prod-01").get(path) ?? "";
  const line = text.split("\n").findIndex((each) => each.includes("csi_liveness")) + 1;
  const explained = new Explainer(fleet, clusterOf("sjc1-prod-01")).explain({ addon: "storage-alerts", file: "rules.yaml", line });
  if ("missing" in explained) throw new Error(`${path}:${line} is not there`);
  const [whole, ...more] = explained.values.filter(({ root }) => root === "pillar");
  // It is in a namespace of which pillar says that it is there, and names the addon by which it is applied.
  expect(more.filter(({ effect }) => effect !== "fails")).toEqual([]);
  expect(whole).toMatchObject({ place: ["components"], part: "presence", effect: "gone", overrides: [] });
  expect(whole?.at).toBeUndefined();
  const changed = new ChangedCluster("sjc1-prod-01", new Set([path]));
  const texts: Record<string, string> = {};
  for (const part of whole?.parts ?? []) {
    const file = part.file.replace("pillar/", "");
    const other = leafLines(file, PILLAR.get(file) ?? "").find((each) => each.line === part.line)?.changes[0]?.text ?? "";
    const lines = (texts[file] ?? PILLAR.get(file) ?? "").split("\n");
    texts[file] = lines.with((part.line ?? 1) - 1, other.split("\n")[(part.line ?? 1) - 1] ?? "").join("\n");
  }
  expect(compareLine(text, changed.files(texts).get(path) ?? "", line)).toEqual({ kept: false, removed: true });
});

test("what is explained is the compiled file's line, for every file", () => {
  const explainer = new Explainer(fleet, clusterOf("sjc2-prod-02"));
  for (const [path, text] of outOf("sjc2-prod-02")) {
    const [addon = "", ...rest] = path.split("/");
    const lines = text.split("\n").length - 1;
    expect(explainer.explain({ addon, file: rest.join("/"), line: lines + 1 })).toEqual({ missing: "line", among: [], lines });
  }
});
