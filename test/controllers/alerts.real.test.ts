import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { build } from "../../scripts/build.mjs";
import { Metrics, runtimeMetrics } from "../../src/controllers/runtime/index.ts";
import { driverMetrics } from "../../src/controllers/lvm-csi/metrics.ts";
import { reportOf } from "../../src/controllers/lvm-csi/status.ts";
import { Inventory } from "../../src/controllers/volume-scheduler/index.ts";
import { schedulerMetrics } from "../../src/controllers/volume-scheduler/metrics.ts";
import { halite } from "../cli/halite.ts";
import { copyFleet } from "../library/own-fleet.ts";
import { aptPackages } from "../real/apt-packages.ts";
import { mustRun, runReal } from "../real/run.ts";
import { LocalRig } from "./local-volume-provisioner/rig.ts";
import { createRequest, driverOn, simulatedNode } from "./lvm-csi/driver.ts";
import { extenderWithoutCluster } from "./volume-scheduler/without-cluster.ts";

const absent = await aptPackages(["prometheus"]);

const NODE = { job: "storage", instance: "10.0.0.1:9465" };

/** What a rule of the compiled addon says, as far as it is read here. */
interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
}

/** One alert: series of the past (a value a minute), when it must not fire yet, when it must, and with which labels. */
interface Case {
  readonly series: Readonly<Record<string, string>>;
  readonly quiet: number;
  readonly fires: number;
  readonly labels: Readonly<Record<string, string>>;
}

const CASES: Readonly<Record<string, Case>> = {
  // storage-node
  NodeDiskRefused: {
    series: { 'halite_storage_node_refusals{reason="Signature"}': "0x10 2x50" },
    quiet: 24,
    fires: 27,
    labels: { severity: "warning", reason: "Signature" },
  },
  NodeDisksDrifted: {
    series: { 'halite_storage_node_drift{reason="DiskMissing"}': "0x10 1x50" },
    quiet: 14,
    fires: 17,
    labels: { severity: "warning", reason: "DiskMissing" },
  },
  NodeDisksNotMade: {
    // Looked after until the tenth minute.
    series: { halite_storage_node_last_success_timestamp_seconds: "0+60x10 600x50" },
    quiet: 43,
    fires: 47,
    labels: { severity: "warning" },
  },
  // localvolume-provisioner
  LocalVolumeCleaningFails: {
    series: { 'halite_local_volume_clean_seconds_count{policy="discard",result="failed"}': "0x10 1x5 2x5 3+0x40" },
    quiet: 18,
    fires: 25,
    labels: { severity: "warning", policy: "discard", result: "failed" },
  },
  LocalVolumeLost: {
    series: { 'halite_local_volumes{state="lost"}': "0x10 1x50", 'halite_local_volumes{state="bound"}': "9x60" },
    quiet: 19,
    fires: 22,
    labels: { severity: "critical", state: "lost" },
  },
  LocalVolumesRefused: {
    series: { 'halite_local_volumes{state="refused"}': "0x10 1x50", 'halite_local_volumes{state="available"}': "9x60" },
    quiet: 39,
    fires: 42,
    labels: { severity: "warning", state: "refused" },
  },
  LocalVolumesNotLookedAfter: {
    series: { halite_local_volume_last_success_timestamp_seconds: "0+60x10 600x50" },
    quiet: 43,
    fires: 47,
    labels: { severity: "warning" },
  },
  // local-volume-dynamic-provisioner
  LvmThinPoolFillsUp: {
    series: {
      'halite_lvm_thin_pool_data_ratio{group="data",pool="thin"}': "0.8x10 0.86x50",
      'halite_lvm_thin_pool_metadata_ratio{group="data",pool="thin"}': "0.1x60",
    },
    quiet: 14,
    fires: 17,
    labels: { severity: "critical", group: "data", pool: "thin" },
  },
  LvmDisksMissing: {
    series: { 'halite_lvm_group_missing_disks{group="data"}': "0x10 1x50" },
    quiet: 14,
    fires: 17,
    labels: { severity: "critical", group: "data" },
  },
  LvmGroupNotInOrder: {
    series: {
      'halite_lvm_problems{reason="VolumeGroupMissing"}': "_x10 1x50",
      // It has an alert of its own.
      'halite_lvm_problems{reason="OrphanedVolumes"}': "1x60",
    },
    quiet: 14,
    fires: 17,
    labels: { severity: "critical", reason: "VolumeGroupMissing" },
  },
  LvmNotLookedAfter: {
    series: { halite_lvm_last_success_timestamp_seconds: "0+60x10 600x50" },
    quiet: 43,
    fires: 47,
    labels: { severity: "warning" },
  },
  LvmVolumesOrphaned: {
    series: { halite_lvm_orphaned_volumes: "0x10 1x90" },
    quiet: 69,
    fires: 72,
    labels: { severity: "warning" },
  },
  LvmCallsFail: {
    series: {
      'halite_csi_call_seconds_count{method="CreateVolume",code="INTERNAL"}': "0x10 1+1x50",
      // Not the driver's fault.
      'halite_csi_call_seconds_count{method="CreateVolume",code="RESOURCE_EXHAUSTED"}': "0+5x60",
    },
    quiet: 29,
    fires: 34,
    labels: { severity: "warning", method: "CreateVolume" },
  },
  // volume-scheduler
  VolumeSchedulerFails: {
    series: {
      'halite_volume_scheduler_request_seconds_count{verb="filter",outcome="failed"}': "0x10 1+1x50",
      'halite_volume_scheduler_request_seconds_count{verb="bind",outcome="refused"}': "0+5x60",
    },
    quiet: 24,
    fires: 30,
    labels: { severity: "critical", verb: "filter" },
  },
  VolumeSchedulerSlow: {
    series: {
      'halite_volume_scheduler_request_seconds_bucket{verb="filter",outcome="done",le="0.5"}': "0+100x10 1000x50",
      'halite_volume_scheduler_request_seconds_bucket{verb="filter",outcome="done",le="1"}': "0+100x60",
      'halite_volume_scheduler_request_seconds_bucket{verb="filter",outcome="done",le="+Inf"}': "0+100x60",
      // Binding waits for volumes to be made.
      'halite_volume_scheduler_request_seconds_bucket{verb="bind",outcome="done",le="0.5"}': "0x60",
      'halite_volume_scheduler_request_seconds_bucket{verb="bind",outcome="done",le="+Inf"}': "0+100x60",
    },
    quiet: 24,
    fires: 30,
    labels: { severity: "warning" },
  },
  VolumeHoldsStay: {
    series: { halite_volume_scheduler_holds: "0x10 2x50" },
    quiet: 28,
    fires: 32,
    labels: { severity: "warning" },
  },
  VolumeSchedulersCompete: {
    series: { halite_volume_scheduler_conflicts_total: "0x10 2x10 12x40" },
    quiet: 20,
    fires: 23,
    labels: { severity: "warning" },
  },
};

/** Alerts that say nothing of the node: rules that sum over all. */
const WITHOUT_NODE = new Set(["VolumeSchedulerFails", "VolumeSchedulerSlow"]);
/** Those that sum by what a scrape adds, but for its job. */
const BY_INSTANCE = /\bby \([^)]*\binstance\b/;

describe.skipIf(absent !== undefined)("metrics and alerts of the storage controllers, judged by promtool", () => {
  let folder: string;
  let groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];

  beforeAll(async () => {
    await build();
    folder = mkdtempSync(join(tmpdir(), "halite-alerts-"));
    copyFleet(folder);
    const grains = '{region: us-east, az: iad1, kubernetes: "1.36", env: prod, flavors: [nvme-db, ssd-general]}';
    writeFileSync(join(folder, "pillar/roster.yaml"), `home:\n  minion_opts:\n    grains: ${grains}\n`);
    mkdirSync(join(folder, "pillar/cluster"), { recursive: true });
    const components = ["storage-node", "localvolume-provisioner", "local-volume-dynamic-provisioner", "volume-scheduler"];
    writeFileSync(join(folder, "pillar/cluster/home.sls"), `components: {${components.map((each) => `${each}: true`).join(", ")}}\n`);
    const rendered = await halite(["render"], { cwd: folder });
    expect(rendered.status, rendered.stdout + rendered.stderr).toBe(0);
    const { spec } = parse(readFileSync(join(folder, "out/iad1/home/storage-alerts/rules.yaml"), "utf8"));
    groups = spec.groups.filter(({ name }: { readonly name: string }) => /^storage\.(?:nodes|local|lvm|scheduling)$/.test(name));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const rules = (): readonly Rule[] => groups.flatMap((group) => group.rules);

  test("every alert of these components is tested here", () => {
    expect(
      rules()
        .map(({ alert }) => alert)
        .sort(),
    ).toEqual(Object.keys(CASES).sort());
  });

  test.each(Object.entries(CASES))("%s fires when it is to, and not before", async (alertname, { series, quiet, fires, labels }) => {
    const rule = rules().find(({ alert }) => alert === alertname);
    if (rule === undefined) throw new Error(`no alert ${alertname}`);
    // The texts are for people: promtool is to compare labels alone.
    const { annotations: _, ...bare } = rule;
    const file = join(folder, `${alertname}.yaml`);
    writeFileSync(file, stringify({ groups: [{ name: "tested", rules: [bare] }] }));
    const scraped = (name: string): string => {
      const added = Object.entries(NODE).map(([label, value]) => `${label}="${value}"`);
      const [metric, own = ""] = name.replace(/\}$/, "").split("{");
      return `${metric}{${[...(own === "" ? [] : [own]), ...added].join(",")}}`;
    };
    const keeps = WITHOUT_NODE.has(alertname) ? {} : BY_INSTANCE.test(rule.expr) ? { instance: NODE.instance } : NODE;
    const at = (minute: number, alerts: readonly object[]): object => ({ eval_time: `${minute}m`, alertname, exp_alerts: alerts });
    const tests = {
      rule_files: [file],
      evaluation_interval: "1m",
      tests: [
        {
          interval: "1m",
          input_series: Object.entries(series).map(([name, values]) => ({ series: scraped(name), values })),
          alert_rule_test: [at(quiet, []), at(fires, [{ exp_labels: { team: "storage", ...labels, ...keeps } }])],
        },
      ],
    };
    const asked = join(folder, `${alertname}.test.yaml`);
    writeFileSync(asked, stringify(tests));
    const judged = await runReal("promtool", ["test", "rules", asked]);
    expect(judged.status, `${judged.stdout.toString("utf8")}${judged.stderr}`).toBe(0);
  });

  test("the rules are what Prometheus reads, and go by metrics that the controllers have", async () => {
    const file = join(folder, "rules.yaml");
    writeFileSync(file, stringify({ groups }));
    expect(await mustRun("promtool", ["check", "rules", file])).toMatch(/SUCCESS: \d+ rules found/);
    const known = Object.values(await texts()).join("");
    const names = rules().flatMap(({ expr }) => expr.match(/halite_\w+/g) ?? []);
    expect(names.length).toBeGreaterThanOrEqual(rules().length);
    for (const name of names) expect(known).toMatch(new RegExp(`^${name}[ {]`, "m"));
  });

  test("what each controller's /metrics say is as Prometheus wants it", async () => {
    for (const [name, text] of Object.entries(await texts())) {
      const judged = await runReal("promtool", ["check", "metrics"], { input: text });
      expect(judged, `${name}\n${text}`).toMatchObject({ status: 0, stderr: "" });
    }
  });
});

/** The metrics of each controller that has had something to do, all that can go wrong included. */
async function texts(): Promise<Readonly<Record<string, string>>> {
  const local = await LocalRig.ready();
  const [name = ""] = local.named("local");
  local.bind(name, "one");
  local.unbind(name);
  local.node.fails = ({ tool, args }) => (tool === "find" && args.includes("-delete") ? "Input/output error" : undefined);
  local.node.addDisk("X1").contents.signatures.push({ type: "ext4", uuid: "somebody's" });
  await local.settle();
  await local.prepare();
  const [disk] = local.node.disks;
  if (disk !== undefined) local.node.unplug(disk);
  await local.prepare();
  counts(local.storage.metrics);
  counts(local.metrics);
  return {
    "storage-node": await local.storage.metrics.text(),
    "localvolume-provisioner": await local.metrics.text(),
    "lvm-csi": await lvmText(),
    "volume-scheduler": await schedulerText(),
  };
}

/** What all controllers have. */
function counts(metrics: Metrics): void {
  const counted = runtimeMetrics(metrics);
  counted.commands.observe({ tool: "vgs", result: "ok" }, 0.1);
  counted.watches.inc({ resource: "nodes", what: "list" });
  counted.queueDepth.set({ queue: "disks" }, 1);
  counted.queueWait.observe({ queue: "disks" }, 0.1);
  counted.queueWork.observe({ queue: "disks" }, 0.1);
  counted.failures.inc({ queue: "disks" });
  counted.leads.set(1);
}

async function lvmText(): Promise<string> {
  const { node, uuid } = simulatedNode();
  const driver = driverOn(node);
  await driver.services.Controller.CreateVolume(createRequest("pvc-1", { parameters: { type: "thin" } }));
  const metrics = new Metrics();
  const own = driverMetrics(metrics);
  const configured = [
    { name: "data", uuid, disks: [], reserve: 0 },
    { name: "gone", uuid: "x", disks: [], reserve: 0 },
  ];
  own.report(reportOf(await driver.volumes.observe(), configured, []), 0);
  own.calls.observe({ method: "CreateVolume", code: "OK" }, 0.2);
  own.success.set(1);
  counts(metrics);
  return metrics.text();
}

async function schedulerText(): Promise<string> {
  const metrics = new Metrics();
  const own = schedulerMetrics(metrics);
  const extender = await extenderWithoutCluster(new Inventory(), {
    missing: () => "nothing is listed yet",
    timed: (verb, outcome, milliseconds) => own.requests.observe({ verb, outcome }, milliseconds / 1000),
  });
  await fetch(`http://127.0.0.1:${extender.port}/filter`, { method: "POST", body: "{}" });
  await extender.stop();
  own.holds.set(1);
  own.conflicts.inc();
  own.freed.inc({ why: "old" });
  counts(metrics);
  return metrics.text();
}
