import { At } from "../../schema/index.ts";
import type { Objection, Policy, PolicyLimits } from "../types.ts";
import { isNodePlugin, podOf } from "./pods.ts";

const NODE_PLUGIN =
  "A node plugin is a DaemonSet that mounts `/var/lib/kubelet` or a folder below it, or a volume with `mountPropagation: Bidirectional`.";

const DAEMON_SETS: ReadonlySet<string> = new Set(["DaemonSet"]);

/** Policies of what runs on every node. */
export const NODE_PLUGIN_POLICIES: readonly Policy[] = [
  {
    code: "policy-priority-class",
    title: "Node plugin without a priority class",
    severity: "warning",
    reason: "A plugin of priority 0 is preempted and evicted before the pods whose volumes it serves; they then neither start nor stop.",
    advice: "set priorityClassName: system-node-critical",
    looksAt: `\`priorityClassName\` of node plugins. ${NODE_PLUGIN}`,
    kinds: DAEMON_SETS,
    *check(object) {
      const pod = podOf(object);
      if (pod === undefined || !isNodePlugin(object, pod)) return;
      const place = pod.spec.at("priorityClassName");
      if ((place.text ?? "") !== "") return;
      yield { message: `the node plugin ${object.name} has no priorityClassName`, pointer: place.path };
    },
  },
  {
    code: "policy-toleration",
    title: "Node plugin that does not tolerate every taint",
    severity: "warning",
    reason:
      "On a node with a taint that the plugin does not tolerate no pod gets its volumes, and when a taint is added with NoExecute the plugin leaves before the pods that use it.",
    advice: "add `tolerations: [{operator: Exists}]`, and keep nodes out by nodeSelector or affinity",
    looksAt: `Whether \`tolerations\` of node plugins have an entry with \`operator: Exists\` and no key for each of NoSchedule and NoExecute, or one without an effect. ${NODE_PLUGIN}`,
    kinds: DAEMON_SETS,
    *check(object) {
      const pod = podOf(object);
      if (pod === undefined || !isNodePlugin(object, pod)) return;
      const blanket = pod.spec
        .at("tolerations")
        .items.filter((item) => item.at("operator").text === "Exists" && (item.at("key").text ?? "") === "")
        .map((item) => item.at("effect").text ?? "");
      const missing = ["NoSchedule", "NoExecute"].filter((effect) => !blanket.includes("") && !blanket.includes(effect));
      if (missing.length === 0) return;
      yield {
        message: `the node plugin ${object.name} does not tolerate every taint of effect ${missing.join(" and ")}`,
        pointer: pod.spec.at("tolerations").path,
      };
    },
  },
  {
    code: "policy-update-strategy",
    title: "Update strategy of a DaemonSet",
    severity: "warning",
    reason:
      "With OnDelete a published change reaches a node only when somebody deletes its pod, so the fleet runs versions that nobody chose; an update of too many nodes at once stops mounting in all of them together.",
    advice: "use RollingUpdate with a maxUnavailable of 10% or so",
    looksAt:
      "`updateStrategy` of every DaemonSet: `OnDelete`; and `maxUnavailable` (or `maxSurge`) of more per cent than `maxUnavailable` in the settings (33). A number of nodes counts only where it is 0 for both, which can never roll out.",
    kinds: DAEMON_SETS,
    *check(object, { limits }) {
      if (object.kind !== "DaemonSet" || object.apiVersion !== "apps/v1") return;
      const strategy = new At(object.json).at("spec", "updateStrategy");
      if (strategy.at("type").text === "OnDelete") {
        yield {
          message: `DaemonSet ${object.name} has the updateStrategy OnDelete: an update waits until somebody deletes each pod`,
          pointer: strategy.at("type").path,
        };
        return;
      }
      yield* tooMany(object.name, strategy, limits);
    },
  },
];

function* tooMany(name: string, strategy: At, limits: PolicyLimits): Iterable<Objection> {
  for (const field of ["maxUnavailable", "maxSurge"]) {
    const place = strategy.at("rollingUpdate", field);
    const share = /^(\d+)%$/.exec(place.text ?? "")?.[1];
    if (share !== undefined && Number(share) > limits.maxUnavailable) {
      yield {
        message: `an update of DaemonSet ${name} takes up to ${share} % of the nodes at once (${field}); the limit is ${limits.maxUnavailable} %`,
        pointer: place.path,
        subject: field,
      };
    }
  }
}
