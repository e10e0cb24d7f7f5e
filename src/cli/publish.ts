import { isAbsolute, resolve } from "node:path";
import { FindingError, type Finding } from "../finding/index.ts";
import { findingsByCluster, inputDigest, joinShards, outFiles, type CompiledCluster, type Fleet } from "../fleet/index.ts";
import { parseRemote, PublishedBranch, sourceState, type BranchHead, type BranchSetting, type SourceState } from "../git/index.ts";
import { publicSecretsIn } from "../policy/index.ts";
import { publish, seeHead, type DeletionLimits, type PublishAllowances, type PublishOutcome } from "../publish/index.ts";
import { UsageError, type Arguments, type Command, type CommandContext } from "./command.ts";
import { countFindings, foldFindings, printFindings } from "./report.ts";
import { openFleet } from "./open-fleet.ts";
import { plural } from "./plural.ts";
import { compileFleet } from "./session.ts";

/** `halite publish`. */
export const command: Command = {
  run: async (context) => {
    const { arguments: args, terminal } = context;
    if (args.positional.length > 0) throw new UsageError("publish takes no arguments: it publishes the whole fleet");
    const fleet = openFleet(context);
    const allowed = allowances(args, fleet);
    const publisher = await openPublisher(fleet);
    try {
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
      const failed = failedFolders(release.clusters);
      if (failed.length > 0) {
        const clusters = failed.filter((folder) => folder.split("/").length === 3).length;
        const parts = [
          clusters > 0 ? plural(clusters, "cluster") : "",
          failed.length > clusters ? plural(failed.length - clusters, "addon") : "",
        ];
        terminal.err(
          `what is published of ${parts.filter((part) => part !== "").join(" and ")} stays as it is${clusters > 0 ? "; waves after a cluster's that failed wait for it" : ""}\n`,
        );
      }
      const outcome = await publishRelease(context, fleet, publisher, release, allowed);
      if (args.flag("json")) terminal.out(`${JSON.stringify({ ...outcome, ...whereTo(publisher) }, undefined, 2)}\n`);
      else terminal.out(`${describeOutcome(publisher, outcome)}\n`);
      return 0;
    } finally {
      publisher.early?.branch.close();
    }
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

/** What is to be published, and where. */
export interface Publisher {
  readonly setting: BranchSetting;
  readonly source: SourceState;
  /** A remote's branch, looked at before the compile: what can be refused then need not be compiled first. */
  readonly early: { readonly branch: PublishedBranch; readonly first: BranchHead | null } | undefined;
}

/** Opens the branch that the config names. @throws FindingError where it can't be, or the source can't be published to it */
export async function openPublisher(fleet: Fleet): Promise<Publisher> {
  const source = await sourceState(fleet.folder, inputPaths(fleet));
  const { remote, branch, auth } = fleet.config.publish;
  const to = parseRemote(remote, fleet.folder);
  if (to.kind !== "embedded" && source.kind !== "commit") {
    throw new FindingError({
      code: "publish-dirty",
      severity: "error",
      message:
        source.kind === "no-git"
          ? "the fleet is in no git repository, so its source can't be named"
          : source.base === null
            ? "the fleet's repository has no commit yet, so its source can't be named"
            : `the tree has changes that are not committed: ${source.changed.slice(0, 3).join(", ")}${source.changed.length > 3 ? ` and ${source.changed.length - 3} more` : ""}`,
      advice:
        "Commit first, files too that git ignores and the compile reads; only a repository on this machine takes a tree without a commit.",
    });
  }
  const setting = { remote: to, branch, auth, folder: fleet.folder };
  if (to.kind === "embedded") return { setting, source, early: undefined };
  const opened = await PublishedBranch.open(setting);
  try {
    return { setting, source, early: { branch: opened, first: await seeHead(opened) } };
  } catch (error) {
    opened.close();
    throw error;
  }
}

/** Commits a release to the branch that the config names. */
export async function publishRelease(
  { version }: CommandContext,
  fleet: Fleet,
  { setting, source, early }: Publisher,
  release: PublishedRelease,
  allowed: PublishAllowances,
): Promise<PublishOutcome> {
  const now = await sourceState(fleet.folder, inputPaths(fleet));
  if (source.kind === "commit" && (now.kind !== "commit" || now.commit !== source.commit)) {
    throw new FindingError({
      code: "publish-source-moved",
      severity: "error",
      message: "the tree was changed while it was compiled, so what was compiled can't be named",
      advice: "Run the command again.",
    });
  }
  const branch = early?.branch ?? (await PublishedBranch.open(setting));
  try {
    const outcome = await publish(branch, early === undefined ? await seeHead(branch) : early.first, {
      files: release.files,
      failed: failedFolders(release.clusters),
      source,
      inputDigest: inputDigest(fleet),
      version,
      allowed,
      publicSecrets: publicSecrets(fleet, release.clusters),
      sign: fleet.config.publish.sign,
    });
    if (outcome.kind === "committed") await branch.tidy();
    return outcome;
  } finally {
    branch.close();
  }
}

/** What the options allow. @throws UsageError */
export function allowances(args: Arguments, fleet: Fleet): PublishAllowances {
  return {
    ...deletionLimits(args, fleet),
    older: args.flag("allow-older"),
    diverged: args.flag("allow-diverged"),
    foreign: args.flag("allow-foreign"),
    plain: args.values("allow-plain"),
    superseded: args.flag("skip-superseded"),
  };
}

/** How much may be deleted at once. @throws UsageError */
export function deletionLimits(args: Arguments, fleet: Fleet): DeletionLimits {
  const given = args.value("max-deletion");
  if (given !== undefined && !/^(?:100|\d{1,2}(?:\.\d+)?)$/.test(given))
    throw new UsageError(`--max-deletion takes a number of a hundred, from 0 to 100, not ${JSON.stringify(given)}`);
  return { maxDeletion: given === undefined ? fleet.config.publish.maxDeletion : Number(given), zones: args.values("allow-az-deletion") };
}

/** Where something was published, without what is secret in it. */
function whereTo({ setting }: Publisher): { readonly remote: string; readonly branch: string } {
  return { remote: setting.remote.display, branch: setting.branch };
}

/** One line on what was published. */
export function describeOutcome(publisher: Publisher, outcome: PublishOutcome): string {
  const { remote, branch } = whereTo(publisher);
  const commit = outcome.commit.slice(0, 12);
  if (outcome.kind === "unchanged") return `nothing changed: ${remote} branch ${branch} stays at ${commit}`;
  if (outcome.kind === "superseded")
    return `superseded: ${remote} branch ${branch} is at ${commit}, made from the later source ${outcome.source.slice(0, 12)}`;
  const { added, changed, removed } = outcome.changes;
  return `published ${commit} to ${remote} branch ${branch}: ${added.length} new, ${changed.length} changed, ${removed.length} removed files`;
}

/** Folders of what failed to compile. */
function failedFolders(clusters: PublishedRelease["clusters"]): string[] {
  return clusters.flatMap(({ cluster, release }) => {
    const folder = `${cluster.az}/${cluster.id}/`;
    if (release.state === "failed") return [folder];
    return release.addons.filter((addon) => addon.state === "failed").map((addon) => `${folder}${addon.name}/`);
  });
}

/** What halite.yaml, and pillar for an addon, call public of the values of Secrets. */
function publicSecrets(fleet: Fleet, clusters: PublishedRelease["clusters"]): (path: string) => readonly string[] {
  const everywhere = publicSecretsIn(fleet.config.policies.settings);
  const own = new Map<string, readonly string[]>();
  for (const { cluster, release } of clusters) {
    for (const addon of release.state === "compiled" ? release.addons : [])
      if (addon.state === "complete" && addon.publicSecrets !== undefined)
        own.set(`${cluster.az}/${cluster.id}/${addon.name}`, [...everywhere, ...addon.publicSecrets]);
  }
  return (path) => own.get(path.split("/").slice(0, 3).join("/")) ?? everywhere;
}

/** The files and folders, relative to the fleet's folder, that the compile reads. */
function inputPaths(fleet: Fleet): string[] {
  const roots = [...fleet.config.fileRoots.values(), ...fleet.config.pillarRoots.values()].flat();
  return [...new Set([fleet.configFile, fleet.config.roster, fleet.config.sealed.root, "schemas", "policies", "bundles", ...roots])].filter(
    (path) => !isAbsolute(path) && !path.startsWith(".."),
  );
}
