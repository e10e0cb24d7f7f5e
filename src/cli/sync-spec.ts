import { CONFIG } from "./option-specs.ts";
import type { CommandSpec } from "./command.ts";

/** How `halite sync` is called: by the command line and, alone, by the bundle `halite-sync`. */
export const SYNC: CommandSpec = {
  name: "sync",
  summary: "keep the clusters of one availability zone as the published branch says",
  synopsis: "",
  description:
    "Pulls the zone's part of the branch, checks its signature and that history only grows, lets clusters have what is new wave by wave (pillar rollout), keeps each of them so by watches, and reports to the other zones on the branch reports/AZ. Nothing is ever pushed to a zone. Without git the clusters stay as the last commit says. Needs a halite.yaml with publish and sync alone. docs/sync.md says how it is run.",
  options: [
    CONFIG,
    { name: "az", value: "AZ", summary: "the zone" },
    { name: "once", summary: "bring every cluster as far as it may go now, report, and end: for a CronJob or by hand" },
    {
      name: "kubeconfigs",
      value: "PATH",
      summary: "a folder with a kubeconfig for each cluster, or one file whose contexts are named after them",
    },
    { name: "state", value: "DIR", summary: "the folder for what the job knows (default: sync.state, and the zone's name)" },
    { name: "listen", value: "HOST:PORT", summary: "serve /healthz, /readyz, /metrics and /status there" },
    {
      name: "shards",
      value: "N",
      summary: "keep one of N disjoint parts of the zone's clusters; without --shard replicas share them by Leases (sync.lease)",
    },
    { name: "shard", value: "I", summary: "which part, from 0" },
    { name: "lease-kubeconfig", value: "FILE", summary: "where the Lease of sync.lease is, outside of a pod" },
    { name: "reasons", summary: "with --once: every addon, not only those that are not well" },
    { name: "verbose", summary: "log more" },
  ],
  exits: [
    [0, "stopped; with --once: every cluster is synced and healthy, or waits for its wave"],
    [1, "with --once: a cluster is not well, or a commit was refused"],
    [2, "called wrongly"],
    [3, "no halite.yaml, no git, or another process keeps the zone"],
  ],
  examples: [
    ["halite sync --az sjc1 --kubeconfigs /etc/halite/clusters --listen :9464", "keep zone sjc1"],
    ["halite sync --az sjc1 --once --json", "one round, for a program"],
    ["halite sync --az sjc1 --shards 3 --shard 0", "a third of a large zone"],
  ],
  load: async () => (await import("./sync.ts")).command,
};
