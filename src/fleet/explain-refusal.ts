import {
  failureReasons,
  isManifest,
  publishedObjects,
  readAddonSettings,
  type Mode,
  type ObjectSchema,
  type PublishedObject,
} from "../addon/index.ts";
import { FindingError, type Finding } from "../finding/index.ts";
import type { FileResult } from "../salt/index.ts";
import { FleetCompiler } from "./compile.ts";
import type { ExplainRequest } from "./explain.ts";
import type { FileTrial } from "./file-trial.ts";
import type { Fleet } from "./load.ts";
import type { Cluster } from "./roster.ts";
import { PillarSchemas } from "./user-schemas.ts";

/** There is no such addon, file or line. */
export interface NothingThere {
  readonly missing: "addon" | "file" | "line";
  /** Names of what there is instead; of lines none. */
  readonly among: readonly string[];
  /** How many lines the file has. */
  readonly lines?: number;
}

/** The cluster that is asked about. */
interface Asked {
  readonly fleet: Fleet;
  readonly cluster: Cluster;
}

/**
 * Whether, as far as can be told without the other addons, the addon compiles. What hangs on those, such as a namespace that none makes,
 * is `halite validate`'s to find.
 */
export function addonStands(
  { fleet, cluster }: Asked,
  trial: FileTrial,
  files: readonly FileResult[],
  declared: Mode | undefined,
): boolean {
  const { pillar, low } = trial;
  if (pillar.messages.length > 0 || hasErrors(pillar.findings) || low.value === undefined || low.value.failed.length > 0) return false;
  if (readAddonSettings(pillar.value.data).problems.length > 0) return false;
  if (
    PillarSchemas.in(fleet)
      .check(pillar.value.data, () => undefined)
      .some(({ finding }) => finding.severity === "error")
  )
    return false;
  if (!fleet.schemas.versions.includes(cluster.kubernetes)) return false;
  const schema = fleet.schemas.forVersion(cluster.kubernetes);
  return files.every((each) => {
    const objects = each.kind === "file" && isManifest(each.path) ? publishedObjects(each, declared) : undefined;
    return objects !== undefined && objects.every((object) => !isWrong(object, schema));
  });
}

/** Kinds that only a custom resource's definition knows may be another addon's. */
function isWrong({ parsed: { apiVersion, kind, value }, mode }: PublishedObject, schema: ObjectSchema): boolean {
  const problems = schema.scope(apiVersion, kind) === undefined ? mode.problems : [...schema.validate(value), ...mode.problems];
  return problems.some(({ severity }) => severity === "error");
}

function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity === "error");
}

/** Why there is nothing to explain, of the whole compile; nothing where there is. @throws FindingError where the addon failed */
export function whyNot({ fleet, cluster }: Asked, request: ExplainRequest): NothingThere | undefined {
  const { release, findings } = new FleetCompiler(fleet).compile(cluster);
  if (release.state === "failed") throw refusal(`cluster ${cluster.id} does not compile`, findings);
  const addon = release.addons.find(({ name }) => name === request.addon);
  if (addon === undefined) return { missing: "addon", among: release.addons.map(({ name }) => name) };
  if (addon.state === "failed") {
    const why = new Set(addon.why.map((reason) => JSON.stringify(reason)));
    const own = findings.filter((finding) => failureReasons([finding]).some((reason) => why.has(JSON.stringify(reason))));
    throw refusal(`addon ${addon.name} of cluster ${cluster.id} does not compile`, own);
  }
  const files = addon.files.map(({ path }) => path);
  return files.includes(request.file) ? undefined : { missing: "file", among: files };
}

function refusal(message: string, findings: readonly Finding[]): FindingError {
  const errors = findings.filter((finding) => finding.severity === "error");
  return new FindingError({ code: "explain-failed", severity: "error", message: `${message}: there is no file to explain` }, ...errors);
}
