/**
 * What the OpenAPI documents leave out, read from the public Go sources of the API, into schemas/kubernetes/facts.json:
 * the values of enumerated strings, and when each kind was introduced, deprecated, removed and by what replaced.
 *
 *   npx tsx scripts/schema/facts.ts [1.28 1.29 …]
 *
 * needs Go and a module proxy. For a further version: run this, then generate.ts with that version's OpenAPI document.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { joined, span, type Spanned } from "./spans.ts";
import { readGoPackages, type GoPackage, type Lifecycle } from "./go-types.ts";

/** Types whose constants are all the values there are, though their source lacks the `+enum` mark (k8s.io/kubernetes pkg/apis validation). */
const CLOSED = new Set([
  "admissionregistration/v1.ParameterNotFoundActionType",
  "apps/v1.PersistentVolumeClaimRetentionPolicyType",
  "autoscaling/v2.HPAScalingPolicyType",
  "autoscaling/v2.MetricSourceType",
  "autoscaling/v2.MetricTargetType",
  "autoscaling/v2.ScalingPolicySelect",
  "core/v1.ContainerRestartPolicy",
  "core/v1.ContainerRestartRuleAction",
  "core/v1.ContainerRestartRuleOnExitCodesOperator",
  "core/v1.OSName",
  "core/v1.PodSELinuxChangePolicy",
  "core/v1.RecursiveReadOnlyMode",
  "core/v1.ResourceResizeRestartPolicy",
  "flowcontrol/v1.LimitResponseType",
  "flowcontrol/v1.PriorityLevelEnablement",
  "flowcontrol/v1.SubjectKind",
  "storage/v1.FSGroupPolicy",
  "storage/v1.VolumeLifecycleMode",
]);

/** Where the server takes other values than the constants say (k8s.io/kubernetes pkg/apis validation), by type or by field. */
const STATED: Readonly<Record<string, readonly string[]>> = {
  "discovery/v1.AddressType": ["IPv4", "IPv6", "FQDN"],
  "core/v1.IPFamily": ["IPv4", "IPv6"],
  "admissionregistration/v1.SideEffectClass": ["None", "NoneOnDryRun"],
  "storage/v1.StorageClass.reclaimPolicy": ["Delete", "Retain", ""],
  "apps/v1.PersistentVolumeClaimRetentionPolicyType": ["Retain", "Delete"],
  "meta/v1.LabelSelectorRequirement.operator": ["In", "NotIn", "Exists", "DoesNotExist"],
};

/** Kinds whose history stands in no lifecycle file of k8s.io/api (the release notes of 1.22 and 1.25). */
const HISTORY: Readonly<Record<string, Lifecycle>> = {
  "apiextensions.k8s.io/v1beta1/CustomResourceDefinition": {
    introduced: "1.7",
    deprecated: "1.16",
    removed: "1.22",
    replacement: "apiextensions.k8s.io/v1/CustomResourceDefinition",
  },
  "apiregistration.k8s.io/v1beta1/APIService": {
    introduced: "1.10",
    deprecated: "1.19",
    removed: "1.22",
    replacement: "apiregistration.k8s.io/v1/APIService",
  },
  "policy/v1beta1/PodSecurityPolicy": { introduced: "1.10", deprecated: "1.21", removed: "1.25" },
};

export interface Facts {
  /** `core/v1.PodSpec.dnsPolicy` to its values by version; `""` among them where an empty string reads as "not set". */
  readonly enums: Readonly<Record<string, readonly Spanned<readonly string[]>[]>>;
  /** `group/version/kind`. */
  readonly history: Readonly<Record<string, Lifecycle>>;
}

function main(versions: readonly string[]): void {
  const enums = new Map<string, Map<string, readonly string[]>>();
  const history = new Map<string, Lifecycle>(Object.entries(HISTORY));
  for (const version of versions) {
    const packages = readGoPackages(moduleFolder(version));
    for (const [field, values] of enumeratedFields(packages)) {
      const byVersion = enums.get(field) ?? new Map<string, readonly string[]>();
      byVersion.set(version, values);
      enums.set(field, byVersion);
    }
    for (const pkg of packages) collectHistory(pkg, history);
  }
  const facts: Facts = {
    enums: Object.fromEntries([...enums].sort(byKey).map(([field, byVersion]) => [field, span(byVersion)])),
    history: Object.fromEntries([...history].sort(byKey)),
  };
  writeFileSync(new URL("../../schemas/kubernetes/facts.json", import.meta.url), joined(facts));
}

function go(...words: string[]): string {
  return execFileSync("go", words, { cwd: tmpdir(), encoding: "utf8", env: { ...process.env, GOFLAGS: "-mod=mod" } });
}

/** Downloads the newest published patch release of k8s.io/api and gives its folder. */
function moduleFolder(version: string): string {
  const minor = version.replace(/^1\./, "");
  const releases = go("list", "-m", "-versions", "k8s.io/api").trim().split(" ");
  const newest = releases.filter((release) => new RegExp(`^v0\\.${minor}\\.\\d+$`).test(release)).at(-1);
  if (newest === undefined) throw new Error(`k8s.io/api has no release for Kubernetes ${version}`);
  const answer: unknown = JSON.parse(go("mod", "download", "-json", `k8s.io/api@${newest}`));
  if (typeof answer !== "object" || answer === null || !("Dir" in answer) || typeof answer.Dir !== "string")
    throw new Error("go mod download gave no folder");
  process.stderr.write(`${version}: k8s.io/api ${newest}\n`);
  return answer.Dir;
}

function enumeratedFields(packages: ReadonlyMap<string, GoPackage>): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>([
    ["meta/v1.LabelSelectorRequirement.operator", STATED["meta/v1.LabelSelectorRequirement.operator"] ?? []],
  ]);
  for (const [path, pkg] of packages) {
    for (const [field, { type, held }] of pkg.fields) {
      const full = type.includes(".") ? type : `${path}.${type}`;
      const [owner = "", name = ""] = full.split(".");
      const declared = packages.get(owner)?.strings.get(name);
      if (declared === undefined) continue;
      const stable = full.replace(/\/v\w+\./, "/v1.");
      const values =
        STATED[`${path}.${field}`] ??
        STATED[full] ??
        (declared.marked || CLOSED.has(full) || CLOSED.has(stable) ? declared.values : undefined);
      if (values === undefined || values.length === 0) continue;
      found.set(`${path}.${field}`, [...new Set(held === "plain" ? [...values, ""] : values)].sort());
    }
  }
  return found;
}

function collectHistory([path, pkg]: readonly [string, GoPackage], history: Map<string, Lifecycle>): void {
  const version = path.split("/")[1] ?? "";
  for (const [kind, lifecycle] of pkg.lifecycles) {
    const key = `${pkg.group}/${version}/${kind}`;
    const { removed, ...rest } = lifecycle;
    // The generator writes a planned removal for every beta; the OpenAPI documents say what was really removed.
    history.set(key, removed === undefined ? rest : { ...rest, removed });
  }
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : Number(a > b);
}

const asked = process.argv.slice(2);
const known: unknown = asked.length > 0 ? asked : JSON.parse(readFileSync(new URL("versions.json", import.meta.url), "utf8"));
if (Array.isArray(known)) main(known.map(String));
