import { PyDict } from "../python/index.ts";
import type { Mode, ObjectProblem } from "./types.ts";

/** The addon manager's label (cluster/addons/addon-manager, kube-addons.sh 9.1.8). */
export const MODE_LABEL = "addonmanager.kubernetes.io/mode";
/** Its older form: "true" means Reconcile unless the mode says EnsureExists. */
export const CLUSTER_SERVICE_LABEL = "kubernetes.io/cluster-service";

/** An object's mode and where it comes from. */
export interface DecidedMode {
  readonly mode: Mode;
  readonly from: "label" | "cluster-service" | "pillar" | "default";
  readonly problems: readonly ObjectProblem[];
}

/** The object's label, else the older label, else what pillar declares for the addon, else Reconcile. */
export function decideMode(object: PyDict, declared: Mode | undefined): DecidedMode {
  const metadata = object.get("metadata");
  const labels = metadata instanceof PyDict ? metadata.get("labels") : undefined;
  const label = labels instanceof PyDict ? labels.get(MODE_LABEL) : undefined;
  const service = labels instanceof PyDict ? labels.get(CLUSTER_SERVICE_LABEL) : undefined;
  if (label === "Reconcile" || label === "EnsureExists") return { mode: label, from: "label", problems: [] };
  const fallback: Mode = service === "true" ? "Reconcile" : (declared ?? "Reconcile");
  if (label !== undefined) {
    const near = typeof label === "string" ? [/^reconcile$/i, /^ensure-?_?exists?$/i].findIndex((form) => form.test(label)) : -1;
    const meant = near === 0 ? "Reconcile" : near === 1 ? "EnsureExists" : undefined;
    return {
      mode: fallback,
      from: "default",
      problems: [
        {
          code: "addon-mode",
          severity: "error",
          message: `the label ${MODE_LABEL} is ${JSON.stringify(label)}; the addon manager knows Reconcile and EnsureExists and ignores an object with any other value`,
          pointer: ["metadata", "labels", MODE_LABEL],
          ...(meant === undefined ? {} : { advice: `did you mean ${meant}?` }),
        },
      ],
    };
  }
  if (service === "true") return { mode: "Reconcile", from: "cluster-service", problems: [] };
  return { mode: fallback, from: declared === undefined ? "default" : "pillar", problems: [] };
}
