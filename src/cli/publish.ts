import { isAbsolute, join, resolve } from "node:path";
import { compareText } from "../addon/index.ts";
import { FindingError, type Finding } from "../finding/index.ts";
import { findingsByCluster, inputDigest, joinShards, outFiles, type CompiledCluster, type Fleet } from "../fleet/index.ts";
import {
  commitTree,
  ensureBareRepository,
  fetchBranch,
  listTree,
  branchHead,
  pushBranch,
  sourceState,
  type CommitOutcome,
  type Signature,
  type SourceState,
  type TreeChanges,
  type TreeEntry,
} from "../git/index.ts";
import { UsageError, type Command, type CommandContext } from "./command.ts";
import { plural } from "./render.ts";
import { countFindings, foldFindings, printFindings } from "./report.ts";
import { compileFleet, openFleet } from "./session.ts";

/** `halite publish`. */
export const command: Command = {
  run: async (context) => {
    const { arguments: args, terminal } = context;
    if (args.positional.length > 0) throw new UsageError("publish takes no arguments: it publishes the whole fleet");
    const fleet = openFleet(context);
    const rendered = args.values("rendered");
    const release =
      rendered.length === 0 ? await compiledRelease(context, fleet) : joinShards(folders(context, rendered), origin(context, fleet));
    if (release.findings.length > 0) {
      const refused = foldFindings([[null, release.findings]]);
      printFindings(terminal, refused, 0, false);
      terminal.err(`nothing was published: ${countFindings(refused)}\n`);
      return 1;
    }
    const findings = foldFindings(findingsByCluster(fleet, release.clusters));
    printFindings(terminal, findings, release.clusters.length, false);
    if (findings.some(({ finding }) => finding.severity === "error") && !args.flag("partial")) {
      terminal.err(
        `nothing was published: ${countFindings(findings)}; --partial publishes the rest and keeps what is published of the failed addons\n`,
      );
      return 1;
    }
    const outcome = await publishRelease(context, fleet, release);
    if (args.flag("json"))
      terminal.out(
        `${JSON.stringify({ ...outcome, remote: fleet.config.publish.remote, branch: fleet.config.publish.branch }, undefined, 2)}\n`,
      );
    else terminal.out(`${describeOutcome(fleet, outcome)}\n`);
    return 0;
  },
};

/** What is published: clusters with what became of them, and the files of out/, by path. */
export interface PublishedRelease {
  readonly clusters: readonly Pick<CompiledCluster, "cluster" | "release" | "findings">[];
  readonly files: ReadonlyMap<string, string | Uint8Array>;
}

async function compiledRelease(
  context: CommandContext,
  fleet: Fleet,
): Promise<PublishedRelease & { readonly findings: readonly Finding[] }> {
  const clusters = await compileFleet(context, fleet);
  return { clusters, files: outFiles(clusters), findings: [] };
}

function folders({ cwd }: CommandContext, given: readonly string[]): Parameters<typeof joinShards>[0] {
  return given.map((folder) => ({ path: resolve(cwd, folder), display: folder.replace(/\/+$/, "") }));
}

/** What shards must have been rendered from to be published from here. */
function origin({ build }: CommandContext, fleet: Fleet): Parameters<typeof joinShards>[1] {
  return { inputs: inputDigest(fleet), build, roster: fleet.roster };
}

/** One line on what was published. */
export function describeOutcome(fleet: Fleet, outcome: CommitOutcome): string {
  const { remote, branch } = fleet.config.publish;
  if (outcome.kind === "unchanged") return `nothing changed: ${remote} branch ${branch} stays at ${outcome.commit.slice(0, 12)}`;
  const { added, changed, removed } = outcome.changes;
  return `published ${outcome.commit.slice(0, 12)} to ${remote} branch ${branch}: ${added.length} new, ${changed.length} changed, ${removed.length} removed files`;
}

/** Commits a release to the branch that the config names. */
export async function publishRelease(context: CommandContext, fleet: Fleet, release: PublishedRelease): Promise<CommitOutcome> {
  const { remote, branch } = fleet.config.publish;
  const embedded = isLocal(remote);
  const repository = embedded ? (isAbsolute(remote) ? remote : join(fleet.folder, remote)) : join(fleet.folder, ".halite/publish.git");
  const source = await sourceState(fleet.folder, inputPaths(fleet));
  if (!embedded && source.kind !== "commit") {
    throw new FindingError({
      code: "publish-dirty",
      severity: "error",
      message:
        source.kind === "no-git"
          ? "the fleet is in no git repository, so its source can't be named"
          : `the tree has changes that are not committed: ${source.changed.slice(0, 3).join(", ")}`,
      advice: "commit first; only a repository on this machine takes a tree without a commit",
    });
  }
  await ensureBareRepository(repository, branch);
  if (!embedded) await fetchBranch(repository, remote, branch);
  const files = new Map<string, TreeEntry>(release.files);
  await carryOver(repository, branch, release.clusters, files);
  const stamp = signatures(source);
  const outcome = await commitTree({
    repository,
    branch,
    tree: files,
    message: (changes) => commitMessage(changes, source, fleet, context.version),
    author: stamp.author,
    committer: stamp.committer,
  });
  if (!embedded && outcome.kind === "committed") await pushBranch(repository, remote, branch);
  return outcome;
}

/** A path on this machine rather than a URL or ssh's HOST:PATH. */
function isLocal(remote: string): boolean {
  return !/^[a-z][a-z0-9+.-]*:\/\//i.test(remote) && !/^[^/]+:/.test(remote);
}

/** The published files of failed addons and clusters stay as they are. */
async function carryOver(
  repository: string,
  branch: string,
  clusters: PublishedRelease["clusters"],
  files: Map<string, TreeEntry>,
): Promise<void> {
  const prefixes = clusters.flatMap(({ cluster, release }) => {
    const folder = `${cluster.az}/${cluster.id}/`;
    if (release.state === "failed") return [folder];
    return release.addons.filter((addon) => addon.state === "failed").map((addon) => `${folder}${addon.name}/`);
  });
  const head = prefixes.length === 0 ? null : await branchHead(repository, branch);
  if (head === null) return;
  for (const [path, blob] of await listTree(repository, head)) {
    if (!files.has(path) && prefixes.some((prefix) => path.startsWith(prefix))) files.set(path, { blob });
  }
}

/** The files and folders, relative to the fleet's folder, that the compile reads. */
function inputPaths(fleet: Fleet): string[] {
  const roots = [...fleet.config.fileRoots.values(), ...fleet.config.pillarRoots.values()].flat();
  return [...new Set([fleet.configFile, fleet.config.roster, fleet.config.sealed.root, "schemas", "bundles", ...roots])].filter(
    (path) => !isAbsolute(path) && !path.startsWith(".."),
  );
}

const COMMITTER = { name: "Halite", email: "halite@localhost" };

function signatures(source: SourceState): { readonly author: Signature; readonly committer: Signature } {
  const now = `${Math.floor(Date.now() / 1000)} +0000`;
  if (source.kind === "commit") return { author: source.author, committer: { ...COMMITTER, date: source.author.date } };
  return { author: { ...COMMITTER, date: now }, committer: { ...COMMITTER, date: now } };
}

function commitMessage(changes: TreeChanges, source: SourceState, fleet: Fleet, version: string): string {
  const subject = source.kind === "commit" ? source.subject : "compiled addons";
  const zones = new Map<string, Map<string, number>>();
  for (const path of [...changes.added, ...changes.changed, ...changes.removed]) {
    const [az = "", , addon = ""] = path.split("/");
    if (addon === "release.yaml") continue;
    const addons = zones.get(az) ?? new Map<string, number>();
    addons.set(addon, (addons.get(addon) ?? 0) + 1);
    zones.set(az, addons);
  }
  const body = [...zones]
    .sort(([a], [b]) => compareText(a, b))
    .map(([az, addons]) => {
      const said = [...addons].sort(([a], [b]) => compareText(a, b)).map(([addon, count]) => `${addon} (${plural(count, "file")})`);
      return `${az}: ${said.join(", ")}`;
    });
  const digest = inputDigest(fleet);
  const named = source.kind === "commit" ? source.commit : `worktree ${digest}`;
  return [
    subject,
    "",
    ...(body.length === 0 ? [] : [...body, ""]),
    `Source: ${named}`,
    `Compiler: halite ${version}`,
    `Input-Digest: sha256:${digest}`,
    "",
  ].join("\n");
}
