import { PyDict, type Value } from "../python/index.ts";

/** What pillar says about applying and pruning an addon. The compile only hands it on, in release.yaml. */
export interface ApplySettings {
  /** `addons:NAME:reconcile: disabled`: the addon is left as it is in the cluster. */
  readonly suspended: boolean;
  /** `addons:NAME:prune:empty: true`: that the addon has no objects is meant. */
  readonly empty: boolean;
  /** `addons:NAME:prune:percent`: how many of its objects may go at once; null for the default. */
  readonly percent: number | null;
  /** `addons:NAME:prune:confirm`: objects of dangerous kinds that may go, such as `PersistentVolumeClaim NAMESPACE/NAME`. */
  readonly confirm: readonly string[];
}

export const NO_APPLY_SETTINGS: ApplySettings = { suspended: false, empty: false, percent: null, confirm: [] };

/** Reads them from an addon's entry in pillar; `refuse` is told what is wrong below the entry. */
export function readApplySettings(entry: PyDict, refuse: (key: readonly string[], message: string) => void): ApplySettings {
  const reconcile = entry.get("reconcile") ?? null;
  if (reconcile !== null && reconcile !== "disabled" && reconcile !== "enabled") refuse(["reconcile"], "must be enabled or disabled");
  const prune = entry.get("prune") ?? null;
  const suspended = reconcile === "disabled";
  if (prune === null) return { ...NO_APPLY_SETTINGS, suspended };
  if (!(prune instanceof PyDict)) {
    refuse(["prune"], "must map empty, percent or confirm");
    return { ...NO_APPLY_SETTINGS, suspended };
  }
  const empty = prune.get("empty") ?? false;
  if (typeof empty !== "boolean") refuse(["prune", "empty"], "must be true or false");
  const percent = prune.get("percent") ?? null;
  const isPercent = typeof percent === "number" && percent >= 0 && percent <= 100;
  if (percent !== null && !isPercent) refuse(["prune", "percent"], "must be a whole number from 0 to 100");
  const confirm = prune.get("confirm") ?? [];
  if (!isTexts(confirm)) refuse(["prune", "confirm"], 'must be a list of objects, each "KIND NAMESPACE/NAME" or "KIND NAME"');
  return { suspended, empty: empty === true, percent: isPercent ? percent : null, confirm: isTexts(confirm) ? confirm : [] };
}

function isTexts(value: Value): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

/** As they stand in an addon's entry of release.yaml; nothing where nothing is said. */
export function applySettingsValue({ suspended, empty, percent, confirm }: ApplySettings): Readonly<Record<string, Value>> {
  const prune = {
    ...(empty ? { empty } : {}),
    ...(percent === null ? {} : { percent }),
    ...(confirm.length === 0 ? {} : { confirm: [...confirm].sort() }),
  };
  return {
    ...(suspended ? { reconcile: "disabled" } : {}),
    ...(Object.keys(prune).length === 0 ? {} : { prune: PyDict.from(prune) }),
  };
}
