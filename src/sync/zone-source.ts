import type { Standing } from "../cluster/index.ts";
import {
  acceptedTree,
  acceptPull,
  commitOf,
  commitStanding,
  deepenStore,
  gitLog,
  holdCommits,
  isShallow,
  pullTree,
  treeAt,
  zoneTrees,
  type PulledTree,
  type ReportSetting,
} from "../git/index.ts";
import { isIn, type Shard } from "./shard.ts";
import { clusterRelease, zoneReleases, type ClusterRelease } from "./zone-release.ts";

/** A commit of the published branch, as far as a zone has taken it over. */
export interface TakenCommit {
  readonly commit: string;
  /** When it was made, in seconds since the epoch, as its committer has it; null where that is not known. */
  readonly committed: number | null;
  /** The zone's own folder in it; null where it has none. */
  readonly tree: string | null;
  /** Every zone of the commit, with its folder's id. */
  readonly zones: ReadonlyMap<string, string>;
  readonly clusters: ReadonlyMap<string, ClusterRelease>;
}

export type Pulled =
  | { readonly kind: "taken"; readonly commit: TakenCommit }
  /** It must not be applied. */
  | { readonly kind: "refused"; readonly commit: string; readonly reason: string };

/** The published branch, as one zone pulls it. Nothing but git is touched here. */
export class ZoneSource {
  readonly #setting: ReportSetting;
  readonly #shard: Shard | null;
  /** What was taken over last: while the branch stays at it nothing is read again. */
  #known: TakenCommit | undefined;
  /** The store is for one git at a time: clusters ask of it beside one another. */
  #before: Promise<unknown> = Promise.resolve();

  /** @param shard the clusters that are looked at; null: all of the zone */
  constructor(setting: ReportSetting, shard: Shard | null) {
    this.#setting = setting;
    this.#shard = shard;
  }

  /** Pulls, judges and takes over. @throws FindingError `git-*`, `pull-corrupt` */
  async pull(): Promise<Pulled> {
    return await this.#alone(() => this.#pull());
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#before.then(work, work);
    this.#before = mine.catch(() => undefined);
    return await mine;
  }

  async #pull(): Promise<Pulled> {
    const known = this.#known;
    const pulled = await pullTree(this.#setting, known?.commit);
    const reason = await this.#objection(pulled);
    if (reason !== null) return { kind: "refused", commit: pulled.commit, reason };
    if (known !== undefined && known.commit === pulled.commit) return { kind: "taken", commit: known };
    await acceptPull(this.#setting.store, pulled.commit);
    const commit = await this.#taken(pulled.commit, pulled.committed, pulled.files);
    this.#known = commit;
    return { kind: "taken", commit };
  }

  /** What was taken over last, without the remote; null for nothing. */
  async last(): Promise<TakenCommit | null> {
    const accepted = await acceptedTree(this.#setting.store, this.#setting.az);
    return accepted === null ? null : await this.#taken(accepted.commit, null, accepted.files);
  }

  async #taken(commit: string, committed: number | null, files: ReadonlyMap<string, Buffer>): Promise<TakenCommit> {
    const zones = await zoneTrees(this.#setting.store, commit);
    const own = new Map([...files].filter(([path]) => isIn(path.slice(0, Math.max(0, path.indexOf("/"))), this.#shard)));
    return { commit, committed, zones, tree: zones.get(this.#setting.az) ?? null, clusters: zoneReleases(own) };
  }

  /** Why a commit must not be taken over; null where it may. */
  async #objection(pulled: PulledTree): Promise<string | null> {
    const { signature, history, previous, commit } = pulled;
    if (signature?.state === "unsigned") return "it is not signed, and sync.trusted demands that it is";
    if (signature?.state === "refused") return `${signature.reason} (${signature.signer === "" ? "nobody known" : signature.signer})`;
    if (history !== "rewritten" || previous === null || (await this.#isStated(commit, previous))) return null;
    return `the branch was rewritten: ${commit.slice(0, 12)} does not come after ${previous.slice(0, 12)}, and no commit since says Rollback-To. \`halite rollback\` goes back with a commit of its own; who means the rewriting adds the trailer Rollback-To: COMMIT`;
  }

  /** Whether git says that going from one commit to another, which does not come after it, is meant. */
  async #isStated(commit: string, previous: string): Promise<boolean> {
    const options = { cwd: this.#setting.store };
    const before = new Set(
      (await commitOf(this.#setting.store, previous)) === null ? [] : (await gitLog(previous, options)).map((each) => each.commit),
    );
    const since = (await gitLog(commit, options)).filter((each) => !before.has(each.commit));
    return since.some(({ trailers }) => trailers.has("Rollback-To"));
  }

  /** How a commit stands to one that was applied to a cluster before. */
  async standing(applied: string, commit: string): Promise<Standing> {
    const { store } = this.#setting;
    if (applied === commit) return "same";
    let standing = await commitStanding(store, commit, applied);
    // A store that is new has the newest commit alone, though it gets others by their ids: which came first it can't tell before it has the history.
    if (standing === "unrelated" && (await isShallow(store))) {
      // Without the remote it stays unknown, and what is unknown is not applied over.
      await this.#alone(() => deepenStore(this.#setting)).catch(() => undefined);
      standing = await commitStanding(store, commit, applied);
    }
    if (standing === "same" || standing === "newer") return standing;
    return (await this.#isStated(commit, applied)) ? "stated" : standing;
  }

  /** What a commit has for one of the zone's clusters; null where it can't be had. */
  async releaseAt(revision: string, cluster: string): Promise<(ClusterRelease & { readonly commit: string }) | null> {
    const { store } = this.#setting;
    let commit = await commitOf(store, revision);
    if (commit === null) {
      await this.#alone(() => deepenStore(this.#setting));
      commit = await commitOf(store, revision);
    }
    if (commit === null) return null;
    const found = commit;
    const prefix = `${cluster}/`;
    const files = new Map<string, Buffer>();
    for (const [path, content] of await this.#alone(() => treeAt(this.#setting, found)))
      if (path.startsWith(prefix)) files.set(path.slice(prefix.length), content);
    return { ...clusterRelease(cluster, files), commit };
  }

  /** Keeps these commits in the store although the branch may have left them. */
  async hold(commits: Iterable<string>): Promise<void> {
    await holdCommits(this.#setting.store, commits);
  }
}
