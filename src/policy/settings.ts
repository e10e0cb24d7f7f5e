import { isObject, type Json, type JsonObject } from "../schema/index.ts";
import { suggest } from "../schema/index.ts";
import type { PolicyLimits, Severity } from "./types.ts";

/** What is judged, how severely, and by which limits: `policies` of halite.yaml, then `addons:NAME:policies` of pillar. */
export interface PolicySettings {
  /** By code; what stands nowhere has its policy's own severity. */
  readonly severity: ReadonlyMap<string, Severity | "off">;
  readonly limits: PolicyLimits;
}

/** What a CSI plugin has to write to, by the kubelet's contract with plugins, and the devices. */
const HOST_PATHS: readonly string[] = ["/dev", "/var/lib/kubelet/plugins", "/var/lib/kubelet/plugins_registry", "/var/lib/kubelet/pods"];

export const DEFAULT_SETTINGS: PolicySettings = {
  severity: new Map(),
  limits: {
    hostPaths: HOST_PATHS,
    privileged: [],
    images: "tag",
    maxUnavailable: 33,
    precious: [],
    publicSecrets: [],
    wildcards: [],
  },
};

/** A mistake in settings, with the way to it. */
export interface SettingsProblem {
  readonly pointer: readonly string[];
  readonly message: string;
  readonly advice?: string;
}

const LISTS = ["hostPaths", "privileged", "precious", "publicSecrets", "wildcards"] as const;

/** Puts settings over others. Lists are added to; severities and the rest are replaced. */
export function withSettings(
  base: PolicySettings,
  data: Json | undefined,
  known: ReadonlySet<string>,
): { readonly settings: PolicySettings; readonly problems: readonly SettingsProblem[] } {
  if (data === undefined || data === null) return { settings: base, problems: [] };
  if (!isObject(data)) return { settings: base, problems: [{ pointer: [], message: "must be a mapping" }] };
  const problems: SettingsProblem[] = [];
  const severity = new Map(base.severity);
  const refuseCode = (code: string, pointer: readonly string[]): boolean => {
    if (known.has(code)) return false;
    const near = suggest(code, known);
    problems.push({ pointer, message: `no policy has the code ${code}`, ...(near !== undefined && { advice: `did you mean ${near}?` }) });
    return true;
  };
  for (const code of texts(data, "disable", problems)) if (!refuseCode(code, ["disable"])) severity.set(code, "off");
  const given = data["severity"];
  if (given !== undefined && !isObject(given)) problems.push({ pointer: ["severity"], message: "must map codes to severities" });
  for (const [code, value] of isObject(given) ? Object.entries(given) : []) {
    if (refuseCode(code, ["severity", code])) continue;
    // YAML 1.1 reads a bare off as false.
    if (value === false) severity.set(code, "off");
    else if (value === "error" || value === "warning" || value === "off") severity.set(code, value);
    else problems.push({ pointer: ["severity", code], message: "must be error, warning or off" });
  }
  const limits = { ...base.limits, ...own(data, problems) };
  for (const name of LISTS) limits[name] = [...base.limits[name], ...texts(data, name, problems)];
  const allowed = ["disable", "severity", "images", "maxUnavailable", ...LISTS];
  for (const key of Object.keys(data)) {
    if (allowed.includes(key)) continue;
    const near = suggest(key, allowed);
    problems.push({
      pointer: [key],
      message: `there is no setting ${key}`,
      ...(near !== undefined && { advice: `did you mean ${near}?` }),
    });
  }
  return { settings: { severity, limits }, problems };
}

/** The `publicSecrets` of settings as they stand in halite.yaml or pillar; mistakes are told where they are judged by. */
export function publicSecretsIn(settings: Json | undefined): readonly string[] {
  return isObject(settings) ? texts(settings, "publicSecrets", []) : [];
}

function own(data: JsonObject, problems: SettingsProblem[]): Partial<Pick<PolicyLimits, "images" | "maxUnavailable">> {
  const { images, maxUnavailable } = data;
  if (images !== undefined && images !== "tag" && images !== "digest")
    problems.push({ pointer: ["images"], message: "must be tag or digest" });
  const share = typeof maxUnavailable === "number" && maxUnavailable >= 1 && maxUnavailable <= 100 ? maxUnavailable : undefined;
  if (maxUnavailable !== undefined && share === undefined)
    problems.push({ pointer: ["maxUnavailable"], message: "must be a number of per cent from 1 to 100" });
  return { ...((images === "tag" || images === "digest") && { images }), ...(share !== undefined && { maxUnavailable: share }) };
}

function texts(data: JsonObject, name: string, problems: SettingsProblem[]): readonly string[] {
  const value = data[name];
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((item) => typeof item === "string" && item !== ""))
    return value.flatMap((item) => (typeof item === "string" ? item : []));
  problems.push({ pointer: [name], message: "must be a list of strings that are not empty" });
  return [];
}

/** Equal exactly where the settings are. */
export function settingsKey({ severity, limits }: PolicySettings): string {
  return JSON.stringify([[...severity].map((entry) => entry.join(" ")).sort(), limits]);
}
