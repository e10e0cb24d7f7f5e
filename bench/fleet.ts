import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { HOSTILE, manifests } from "./manifests.ts";
import { ADDONS, DEFAULTS, poolName, regionSettings, regionThresholds, THRESHOLDS, variantSettings, zoneSettings } from "./settings.ts";
import { camel, toHelm, toJinja } from "./template.ts";

/** The generated fleet's size and shape: 13 addons, 48 templates, 82 objects, about 54 KB of YAML a cluster. */
export interface FleetShape {
  readonly clusters: number;
  /** How many different settings there are; clusters share them in turn. */
  readonly variants: number;
  /**
   * What makes it hard to do work once for many clusters: every cluster has a pillar key of its own that nothing reads, a tenth of
   * the templates print the cluster's id, one map.jinja walks a whole mapping, one merges in place, one template writes into pillar.
   */
  readonly hostile?: boolean;
}

/** Texts by path. */
export type Files = Map<string, string>;

const REGIONS = 3;
const ZONES = 9;

/** Every file of the Salt tree: states, pillar, roster, halite.yaml. */
export function saltTree(shape: FleetShape): Files {
  const files: Files = new Map();
  const hostile = shape.hostile === true;
  for (const [index, addon] of ADDONS.entries()) addStates(files, addon, index, hostile);
  files.set("states/top.sls", `base:\n  '*':\n${ADDONS.map((addon) => `    - ${addon}\n`).join("")}`);
  addPillar(files, shape, hostile);
  files.set(
    "halite.yaml",
    'file_roots: {base: [states]}\npillar_roots: {base: [pillar]}\nroster: pillar/roster.yaml\nout: out\nkubernetes: "1.36"\n',
  );
  return files;
}

/** A cluster's id by its number. */
export function clusterId(index: number): string {
  return `cluster-${String(index).padStart(5, "0")}`;
}

/** A cluster's availability zone by its number. */
export function clusterZone(index: number): string {
  return `az${index % ZONES}`;
}

/** The Helm values of one cluster, equal to what its pillar gives. */
export function helmValues(shape: FleetShape, cluster: number): Readonly<Record<string, unknown>> {
  const variant = cluster % shape.variants;
  const region = cluster % REGIONS;
  const thresholds = Object.entries({ ...THRESHOLDS, ...regionThresholds(region) }).map(([key, value]) => ({ key, value }));
  return {
    grains: { id: clusterId(cluster) },
    ...Object.fromEntries(
      ADDONS.map((addon, index) => [
        camel(addon),
        {
          ...DEFAULTS,
          ...variantSettings(addon, index, variant),
          ...regionSettings(region)[addon],
          ...zoneSettings(cluster % ZONES)[addon],
          ...(shape.hostile === true && addon === HOSTILE.iterates ? { thresholds } : {}),
          ...(shape.hostile === true && addon === HOSTILE.readsMutated ? { scanned: poolName(variant, 0) } : {}),
        },
      ]),
    ),
  };
}

/** One Helm chart with every addon's templates. */
export function helmChart(shape: FleetShape): Files {
  const files: Files = new Map([["Chart.yaml", "apiVersion: v2\nname: fleet\nversion: 0.1.0\n"]]);
  for (const [index, addon] of ADDONS.entries())
    for (const [name, text] of manifests(addon, index, shape.hostile === true))
      files.set(`templates/${addon}-${name}`, toHelm(addon, text));
  return files;
}

/** Writes files below a folder. */
export function writeFiles(folder: string, files: Files): void {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

function addStates(files: Files, addon: string, index: number, hostile: boolean): void {
  const all = [...manifests(addon, index, hostile)];
  const states = all.map(
    ([name]) => `${addon} ${name}:
  file.managed:
    - name: /etc/kubernetes/addons/${addon}/${name}
    - source: salt://${addon}/templates/${name}
    - template: jinja
    - makedirs: True
`,
  );
  files.set(`states/${addon}/init.sls`, states.join("\n"));
  files.set(`states/${addon}/map.jinja`, hostile ? hostileMap(addon) : usualMap(addon));
  files.set(`states/${addon}/defaults.yaml`, yaml({ [addon]: DEFAULTS }));
  for (const [name, text] of all) {
    const writes = hostile && addon === HOSTILE.mutates && name === "config.yaml";
    files.set(`states/${addon}/templates/${name}`, toJinja(addon, writes ? WRITES_PILLAR + text : text));
  }
}

/** Seen by every template that this minion renders after this one. */
const WRITES_PILLAR = "{%- do pillar.update({'disk-scan': {'pool': cfg.classes[0].pool}}) %}\n";

function usualMap(addon: string): string {
  return `{%- import_yaml "${addon}/defaults.yaml" as defaults %}
{%- set cfg = salt['pillar.get']('${addon}', default=defaults['${addon}'], merge=True) %}
`;
}

function hostileMap(addon: string): string {
  switch (addon) {
    case HOSTILE.iterates:
      return `${usualMap(addon)}{%- set thresholds = [] %}
{%- for key, value in pillar['thresholds'].items() %}
{%- do thresholds.append({'key': key, 'value': value}) %}
{%- endfor %}
{%- do cfg.update({'thresholds': thresholds}) %}
`;
    case HOSTILE.readsMutated:
      return `${usualMap(addon)}{%- do cfg.update({'scanned': pillar['disk-scan'].pool}) %}\n`;
    case HOSTILE.mergesInPlace:
      return `{%- import_yaml "${addon}/defaults.yaml" as defaults %}
{%- set cfg = salt['defaults.merge'](defaults['${addon}'], pillar['${addon}']) %}
`;
    default:
      return usualMap(addon);
  }
}

function addPillar(files: Files, shape: FleetShape, hostile: boolean): void {
  const top = ["base:", "  '*':", "    - defaults", "    - variants.{{ grains.variant }}"];
  if (hostile) top.push("    - clusters.{{ grains.id }}");
  for (let region = 0; region < REGIONS; region++) {
    top.push(`  'G@region:r${region}':`, `    - regions.r${region}`);
    files.set(`pillar/regions/r${region}.sls`, yaml({ ...regionSettings(region), thresholds: regionThresholds(region) }));
  }
  for (let zone = 0; zone < ZONES; zone++) {
    top.push(`  'G@az:az${zone}':`, `    - zones.az${zone}`);
    files.set(`pillar/zones/az${zone}.sls`, yaml(zoneSettings(zone)));
  }
  files.set("pillar/top.sls", `${top.join("\n")}\n`);
  files.set("pillar/defaults.sls", yaml({ fleet: { name: "bench" }, thresholds: THRESHOLDS }));
  for (let variant = 0; variant < shape.variants; variant++) {
    const settings = Object.fromEntries(ADDONS.map((addon, index) => [addon, variantSettings(addon, index, variant)]));
    files.set(`pillar/variants/v${variant}.sls`, yaml(settings));
  }
  const roster: string[] = [];
  for (let index = 0; index < shape.clusters; index++) {
    const id = clusterId(index);
    const grains = `region: r${index % REGIONS}, az: ${clusterZone(index)}, env: prod, kubernetes: "1.36", variant: v${index % shape.variants}`;
    roster.push(`${id}:`, `  minion_opts: {grains: {${grains}}}`);
    if (hostile) files.set(`pillar/clusters/${id}.sls`, `unread:\n  key-${index}: value ${index}\n`);
  }
  files.set("pillar/roster.yaml", `${roster.join("\n")}\n`);
}

/** A line of YAML for each key. */
function yaml(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
    .join("");
}
