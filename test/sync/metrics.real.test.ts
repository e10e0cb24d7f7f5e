import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { build } from "../../scripts/build.mjs";
import type { KeptPass } from "../../src/cluster/index.ts";
import { Metrics, systemClock } from "../../src/controllers/runtime/index.ts";
import { ZoneMetrics } from "../../src/sync/zone-metrics.ts";
import type { ZoneStatus } from "../../src/sync/index.ts";
import { halite, PROJECT } from "../cli/halite.ts";
import { aptPackages } from "../real/apt-packages.ts";
import { mustRun, runReal } from "../real/run.ts";

const absent = await aptPackages(["prometheus"]);

describe.skipIf(absent !== undefined)("metrics and alerts, judged by promtool", () => {
  let folder: string;
  let rules: string;
  beforeAll(async () => {
    await build();
    folder = mkdtempSync(join(tmpdir(), "halite-promtool-"));
    for (const part of ["states", "pillar", "schemas/pillar", "schemas/crds", "secrets", "halite.yaml"])
      cpSync(join(PROJECT, part), join(folder, part), { recursive: true });
    writeFileSync(
      join(folder, "pillar/roster.yaml"),
      'home:\n  minion_opts:\n    grains: {region: us-east, az: iad1, kubernetes: "1.36", env: prod, flavors: [ssd-general]}\n',
    );
    mkdirSync(join(folder, "pillar/cluster"), { recursive: true });
    writeFileSync(
      join(folder, "pillar/cluster/home.sls"),
      "components: {halite-sync: true}\nhalite-sync: {remote: 'https://git.example.net/a.git', alerts: {enabled: true}}\n",
    );
    const rendered = await halite(["render"], { cwd: folder });
    expect(rendered.status, rendered.stdout + rendered.stderr).toBe(0);
    rules = rulesOf("halite-sync/alerts.yaml");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** The rules of a PrometheusRule of the compiled addon, as a file that Prometheus reads; gives its path. */
  function rulesOf(path: string): string {
    const { spec }: { readonly spec: object } = parse(readFileSync(join(folder, "out/iad1/home", path), "utf8"));
    const file = join(folder, path.replaceAll("/", "-"));
    writeFileSync(file, stringify(spec));
    return file;
  }

  test("the text of /metrics has nothing that promtool objects to", async () => {
    const metrics = new ZoneMetrics(new Metrics(), systemClock);
    metrics.onPull("taken", 0.2);
    metrics.onPull("failed", 30);
    metrics.onReport("pushed");
    metrics.onPass("a", null);
    metrics.onPass("a", PASS);
    metrics.onPass("a", PASS);
    const text = await metrics.text(STATUS);
    for (const name of ["pass_seconds_count", "drift_total", "objects", "cluster", "git_age_seconds", "commit_age_seconds", "queue_depth"])
      expect(text).toContain(`halite_sync_${name}`);
    const judged = await runReal("promtool", ["check", "metrics"], { input: text });
    expect(judged, text).toMatchObject({ status: 0, stderr: "" });
  });

  test("the rules of halite-sync and of storage-alerts are what Prometheus reads", async () => {
    expect(await mustRun("promtool", ["check", "rules", rules])).toMatch(/SUCCESS: 5 rules found/);
    const storage = rulesOf("storage-alerts/rules.yaml");
    expect(await mustRun("promtool", ["check", "rules", storage])).toMatch(/SUCCESS: \d+ rules found/);
  });

  test("each alert fires when it is to, and not before", async () => {
    const file = join(folder, "rules.test.yaml");
    const at = (minute: number, alertname: string, labels: readonly Readonly<Record<string, string>>[]): object => ({
      eval_time: `${minute}m`,
      alertname,
      exp_alerts: labels.map((each) => ({ exp_labels: each })),
    });
    const series = (name: string, values: string): object => ({ series: name, values });
    const pod = 'pod="sync-0"';
    const tests = {
      rule_files: [rules],
      evaluation_interval: "1m",
      tests: [
        {
          interval: "1m",
          input_series: [
            series(`halite_sync_git_age_seconds{${pod}}`, "30x20 2000x40"),
            series(`halite_sync_commit_refused{${pod}}`, "0x10 1x50"),
            series(`halite_sync_cluster{cluster="a",is="synced"}`, "1x10 0x50"),
            series(`halite_sync_cluster{cluster="b",is="synced"}`, "1x60"),
            series(`halite_sync_unreachable_total{cluster="a"}`, "0x10 1+1x50"),
            series(`halite_sync_unreachable_total{cluster="b"}`, "0+1x60"),
            series(`halite_sync_drift_total{cluster="b"}`, "0+1x60"),
            series(`halite_sync_drift_total{cluster="a"}`, "0x20 1x40"),
          ],
          alert_rule_test: [
            at(24, "HaliteGitOutOfReach", []),
            at(27, "HaliteGitOutOfReach", [{ severity: "warning", pod: "sync-0" }]),
            at(14, "HaliteCommitRefused", []),
            at(17, "HaliteCommitRefused", [{ severity: "critical", pod: "sync-0" }]),
            at(39, "HaliteClusterNotSynced", []),
            at(42, "HaliteClusterNotSynced", [{ severity: "warning", cluster: "a", is: "synced" }]),
            at(18, "HaliteClusterOutOfReach", []),
            at(25, "HaliteClusterOutOfReach", [{ severity: "critical", cluster: "a" }]),
            at(25, "HaliteDriftReturns", []),
            at(40, "HaliteDriftReturns", [{ severity: "warning", cluster: "b" }]),
          ],
        },
      ],
    };
    // The texts are for people: promtool is to compare labels alone.
    const bare: { groups: { rules: { annotations?: unknown }[] }[] } = parse(readFileSync(rules, "utf8"));
    for (const group of bare.groups) for (const rule of group.rules) delete rule.annotations;
    const without = join(folder, "without-annotations.yaml");
    writeFileSync(without, stringify(bare));
    writeFileSync(file, stringify({ ...tests, rule_files: [without] }));
    const judged = await runReal("promtool", ["test", "rules", file]);
    expect(judged.status, `${judged.stdout.toString("utf8")}${judged.stderr}`).toBe(0);
  });
});

const STATUS: ZoneStatus = {
  apiVersion: "halite.dev/v1alpha1",
  kind: "ZoneStatus",
  az: "az1",
  shard: null,
  time: "2026-01-01T00:00:00.000Z",
  commit: "c".repeat(40),
  tree: "d".repeat(40),
  clusters: [
    {
      cluster: "a",
      wave: "canary",
      order: 0,
      commit: "c".repeat(40),
      content: "e",
      wanted: "e",
      synced: true,
      healthy: false,
      wellSince: null,
      done: false,
      hold: null,
      reason: "x",
      addons: [{ name: "x", sync: "Synced", health: "InProgress", reason: "y", objects: 2, healthy: 1 }],
    },
  ],
  git: {
    remote: "https://git.example.net/a.git",
    branch: "addons",
    pulled: "2026-01-01T00:00:00.000Z",
    secondsSincePull: 3,
    committed: "2026-01-01T00:00:00.000Z",
    error: null,
    refused: null,
    report: null,
  },
  stateError: null,
  waiting: 1,
  zones: [],
};

const REF = { group: "", version: "v1", kind: "ConfigMap", namespace: "ns", name: "a" };

const PASS: KeptPass = {
  kind: "full",
  milliseconds: 120,
  plan: { cluster: "a", server: "https://a", commit: "c".repeat(40), addons: [], refused: [] } as unknown as KeptPass["plan"],
  result: {
    cluster: "a",
    addons: [
      {
        name: "x",
        state: "apply",
        status: { sync: "Synced", health: "Current", reason: "", objects: 1, healthy: 1 },
        operations: [
          {
            operation: { op: "update", key: "k", addon: "x", ref: REF, reason: "" },
            outcome: { result: "done", message: "" },
            health: { state: "Current", reason: "" },
          },
        ],
      },
    ],
  } as unknown as KeptPass["result"],
};
