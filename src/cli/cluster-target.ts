import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import {
  endpointOf,
  makePlan,
  observe,
  type Desired,
  type Observed,
  type ObserveOptions,
  type Plan,
  type PlanOptions,
  type Reveal,
  type Standing,
} from "../cluster/index.ts";
import { ApiClient, ApiError, UnreachableError } from "../kubernetes/index.ts";
import type { Cluster, FleetRoster } from "../fleet/index.ts";
import { EnvironmentError, UsageError, type CommandContext } from "./command.ts";
import { keptRelease } from "./release-cache.ts";
import { revealerOf } from "./reveal.ts";
import { openRoster, outFolder } from "./open-roster.ts";

/** Milliseconds that an API server which does not answer is tried again for: it may be restarting, but somebody waits. */
const PATIENCE = 10_000;

/** The one cluster that a command is about, with what it should hold. */
export interface ClusterTarget {
  readonly cluster: Cluster;
  readonly desired: Desired;
  /** Where the release was read, for people. */
  readonly from: string;
  readonly client: ApiClient;
  /** Opens references to sealed values, with the keys of this machine. */
  readonly reveal: Reveal;
  /** How the release stands to a commit that was applied before. */
  readonly standing: (applied: string) => Promise<Standing>;
}

/** Opens the cluster that `--cluster` names: its release from git or out/, its API server by the kubeconfig. @throws UsageError, EnvironmentError, FindingError */
async function openTarget(context: CommandContext): Promise<ClusterTarget> {
  const { arguments: args } = context;
  if (args.positional.length > 0) throw new UsageError("name the cluster with --cluster");
  const id = args.value("cluster");
  if (id === undefined) throw new UsageError("--cluster ID is needed: nothing is done to a cluster that is not named");
  if (args.flag("local") && args.value("commit") !== undefined) throw new UsageError("--local and --commit exclude each other");
  const fleet = openRoster(context);
  const cluster = fleet.roster.clusters.find((each) => each.id === id);
  if (cluster === undefined) throw new UsageError(`the roster has no cluster ${id}`);
  const { desired, from, standing, files } = args.flag("local")
    ? localRelease(context, fleet, cluster)
    : await (await import("./published-release.ts")).publishedRelease(context, fleet, cluster);
  const endpoint = endpointOf({
    path: args.value("kubeconfig"),
    variable: context.env["KUBECONFIG"],
    context: args.value("context"),
    cluster: id,
    host: cluster.host ?? undefined,
    home: context.env["HOME"],
  });
  const client = new ApiClient(endpoint, { userAgent: `halite/${context.version}`, patience: PATIENCE });
  return { cluster, desired, from, client, standing, reveal: revealerOf(context, client, files) };
}

/** A release and where it was found. */
export type FoundRelease = Pick<ClusterTarget, "desired" | "from" | "standing"> & { readonly files: ReadonlyMap<string, Uint8Array> };

function localRelease(context: CommandContext, fleet: FleetRoster, cluster: Cluster): FoundRelease {
  const folder = join(outFolder(context, fleet), cluster.az, cluster.id);
  const files = new Map<string, Uint8Array>();
  if (existsSync(folder)) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      files.set(relative(folder, path).split(sep).join("/"), readFileSync(path));
    }
  }
  return {
    desired: keptRelease(context, fleet.folder, files, cluster.id, null),
    from: relative(context.cwd, folder) || ".",
    standing: async () => "local",
    files,
  };
}

/** What a command sees of its cluster. */
export interface SeenCluster extends ClusterTarget {
  readonly observed: Observed;
  readonly plan: Plan;
}

/** Opens the cluster; `use` works with it, and the connection is closed at the end. */
export async function withTarget<T>(context: CommandContext, use: (target: ClusterTarget) => Promise<T>): Promise<T> {
  const target = await openTarget(context);
  try {
    return await use(target);
  } catch (error) {
    if (error instanceof UnreachableError)
      throw new EnvironmentError(
        `the API server of ${target.cluster.id} gives no answer: ${error.message}`,
        "nothing more was done; running the command again is safe",
        { cause: error },
      );
    if (error instanceof ApiError) {
      const advice =
        error.status === 401
          ? "the credentials of the kubeconfig are not taken: log in again"
          : error.status === 403
            ? "docs/clusters.md lists the rights that Halite needs"
            : undefined;
      throw new EnvironmentError(`the API server of ${target.cluster.id} refused: ${error.message}`, advice, { cause: error });
    }
    throw error;
  } finally {
    target.client.close();
  }
}

/** Opens the cluster, looks at it and plans; `use` works with that. */
export async function withPlan<T>(
  context: CommandContext,
  options: { readonly observe?: ObserveOptions; readonly plan?: PlanOptions },
  use: (seen: SeenCluster) => Promise<T>,
): Promise<T> {
  return await withTarget(context, async (target) => {
    context.terminal.progress(`reading ${target.cluster.id} (${target.client.server})`);
    const observed = await observe(target.client, target.desired, { standing: target.standing, reveal: target.reveal, ...options.observe });
    const plan = makePlan(target.client.server, target.desired, observed, options.plan);
    context.terminal.progressDone();
    return await use({ ...target, observed, plan });
  });
}
