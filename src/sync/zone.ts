import { readRelease, type AddonTexts, type Desired, type KeptPass } from "../cluster/index.ts";
import type { Clock, Log, Random } from "../controllers/runtime/index.ts";
import { FindingError } from "../finding/index.ts";
import {
  fetchReports,
  knownReports,
  pushReport,
  type FetchedReport,
  type ReportSetting,
  type SigningKey,
  type TrustedSigners,
} from "../git/index.ts";
import { sleepUntil } from "../kubernetes/index.ts";
import { decide, duration, isDone, whyNotDone, type Decision, type OtherZone, type WaveCluster } from "./decide.ts";
import { KeptCluster, type ClusterView, type RevealOf } from "./kept-cluster.ts";
import type { ClusterAccess } from "./kubeconfigs.ts";
import { parseReport, reportText, sameReport, type ReportedCluster, type ZoneReport } from "./report.ts";
import { readState, writeState, type HeldRelease, type ZoneState } from "./state-file.ts";
import { reportsOf, shardName, shardWords, type Shard } from "./shard.ts";
import type { GitStatus, ZoneStatus } from "./status.ts";
import { Turns } from "./turns.ts";
import type { ClusterRelease } from "./zone-release.ts";
import { ZoneSource, type TakenCommit } from "./zone-source.ts";

/** What happens in a zone, for metrics. */
export interface ZoneListener {
  onPass?(cluster: string, pass: KeptPass | null): void;
  onPull?(result: "taken" | "refused" | "failed", seconds: number): void;
  onReport?(result: "pushed" | "failed"): void;
}

export interface ZoneOptions {
  /** The published branch and the reports beside it; `trusted` is for the branch. */
  readonly git: ReportSetting;
  readonly reports: {
    readonly sign: SigningKey | null;
    readonly trusted: TrustedSigners | null;
    readonly without: readonly string[];
  };
  /** Which of the zone's clusters are kept; null: all. */
  readonly shard: Shard | null;
  /** Path of the file that the zone's state is kept in. */
  readonly stateFile: string;
  readonly access: (cluster: string) => ClusterAccess;
  /** What opens references to sealed values; without it objects with references are not applied. */
  readonly reveal?: RevealOf;
  /** Milliseconds. */
  readonly interval: number;
  readonly resync: number;
  readonly patience?: number;
  readonly workers: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly version: string;
  readonly listener?: ZoneListener;
}

interface Entry {
  readonly kept: KeptCluster;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** A turn that takes longer no longer counts: half a minute is many times what a pass takes. */
const TURN = 30_000;
/** So many addons are remembered by their digests; then it begins anew. */
const MOST_TEXTS = 5000;
/** What happened in clusters is gathered for so long before it is decided and reported on. */
const GATHER = 500;
/** A job that is started again and again counts the time between two looks as well, but no more than so much of it, in milliseconds. */
const LONGEST_GAP = 900_000;

/**
 * Keeps all clusters of one availability zone as the published branch says, wave by wave: pulls, decides, hands each cluster what it is to hold, and reports.
 * What it knows is in git, in the clusters and in one small file, so that it can be killed at any moment and begin again.
 */
export class Zone {
  readonly #options: ZoneOptions;
  readonly #source: ZoneSource;
  readonly #turns: Turns;
  readonly #entries = new Map<string, Entry>();
  readonly #handed = new Map<string, { readonly commit: string; readonly content: string }>();
  readonly #problems = new Map<string, string>();
  readonly #texts: AddonTexts = new Map();
  readonly #approvals = new Map<string, string>();
  #state: ZoneState | null = null;
  #saved = "";
  #taken: TakenCommit | null = null;
  #decisions: ReadonlyMap<string, Decision> = new Map();
  #others: readonly OtherZone[] = [];
  #fetched: ReadonlyMap<string, FetchedReport> = new Map();
  #pushed: ZoneReport | null = null;
  #pulledAt: number | null = null;
  #git: Pick<GitStatus, "error" | "refused" | "report"> = { error: null, refused: null, report: null };
  #stateError: string | null = null;
  #countedAt: number | undefined;
  #counted = new Set<string>();
  #wake: (() => void) | undefined;
  #changed = false;
  #cameRound: number;
  #once = false;

  constructor(options: ZoneOptions) {
    this.#options = options;
    this.#source = new ZoneSource(options.git, options.shard);
    this.#cameRound = options.clock.monotonic();
    this.#turns = new Turns(options.workers, TURN, options.clock);
  }

  /** Works until the signal comes. Resolves when everything that was begun has ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, interval, random } = this.#options;
    try {
      let next = -Infinity;
      while (!signal.aborted) {
        this.#changed = false;
        const due = clock.monotonic() >= next;
        if (due) next = clock.monotonic() + interval * (0.9 + 0.2 * random());
        await this.#step(due, signal);
        if (!this.#changed) await this.#until(next - clock.monotonic(), signal);
        if (this.#changed) await clock.sleep(GATHER, signal);
      }
    } finally {
      await this.#end();
    }
  }

  /** Brings every cluster as far as it may go now, and ends. Health is looked at, not waited for. */
  async once(signal: AbortSignal): Promise<ZoneStatus> {
    this.#once = true;
    try {
      for (let first = true; !signal.aborted; first = false) {
        this.#changed = false;
        const before = JSON.stringify([...this.#handed]);
        await this.#step(first, signal);
        const open = [...this.#entries.values()].some(({ kept }) => kept.view === null);
        if (open && !this.#changed) await this.#until(60_000, signal);
        else if (!open && !this.#changed && !first && JSON.stringify([...this.#handed]) === before) break;
        else if (this.#entries.size === 0) break;
      }
      return this.status();
    } finally {
      await this.#end();
    }
  }

  /** Milliseconds since the loop last came round. */
  idle(): number {
    return this.#options.clock.monotonic() - this.#cameRound;
  }

  /** Whether there is a commit that clusters are kept by. */
  hasCommit(): boolean {
    return this.#taken !== null;
  }

  status(): ZoneStatus {
    const { clock, git } = this.#options;
    const now = clock.date().getTime();
    return {
      ...this.#report(),
      kind: "ZoneStatus",
      git: {
        remote: git.remote.display,
        branch: git.branch,
        pulled: this.#pulledAt === null ? null : new Date(this.#pulledAt).toISOString(),
        secondsSincePull: this.#pulledAt === null ? null : Math.max(0, Math.round((now - this.#pulledAt) / 1000)),
        committed: this.#taken?.committed === null || this.#taken === null ? null : new Date(this.#taken.committed * 1000).toISOString(),
        ...this.#git,
      },
      stateError: this.#stateError,
      waiting: this.#turns.waiting,
      zones: this.#others.map(({ az, seen, why }) => ({ az, seen, why })),
    };
  }

  async #end(): Promise<void> {
    for (const { stop } of this.#entries.values()) stop.abort();
    await Promise.all([...this.#entries.values()].map(({ ended }) => ended));
    this.#count();
    this.#save(true);
    this.#entries.clear();
    this.#handed.clear();
  }

  async #until(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (milliseconds <= 0 || signal.aborted) return;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await sleepUntil(this.#options.clock, milliseconds, [signal, woken.signal]);
    this.#wake = undefined;
  }

  #notice(): void {
    this.#changed = true;
    this.#wake?.();
  }

  /** Looks (`pull`: at git, too), decides, hands out and reports. Nothing that goes wrong in it ends the job. */
  async #step(pull: boolean, signal: AbortSignal): Promise<void> {
    this.#cameRound = this.#options.clock.monotonic();
    if (pull) await this.#pull(signal);
    const taken = this.#taken;
    if (taken === null || signal.aborted) return;
    this.#recover(taken);
    this.#count();
    this.#others = this.#otherZones(taken);
    const waves = await this.#waves(taken);
    this.#decisions = decide(waves, this.#others);
    await this.#advance(taken);
    for (const cluster of taken.clusters.keys()) await this.#handOut(cluster, taken, signal);
    this.#dropGone(taken);
    if (pull) for (const { kept } of this.#entries.values()) kept.checkAccess();
    if (!signal.aborted) await this.#pushReport(pull);
  }

  async #pull(signal: AbortSignal): Promise<void> {
    const { clock, log, listener, git, reports } = this.#options;
    const begun = clock.monotonic();
    try {
      const pulled = await this.#source.pull();
      this.#pulledAt = clock.date().getTime();
      if (pulled.kind === "taken") {
        if (pulled.commit.commit !== this.#taken?.commit)
          log.info("commit taken over", { commit: pulled.commit.commit, was: this.#taken?.commit ?? null });
        this.#taken = pulled.commit;
        this.#git = { ...this.#git, error: null, refused: null };
      } else {
        if (this.#git.refused?.commit !== pulled.commit) log.error("commit refused", { commit: pulled.commit, reason: pulled.reason });
        this.#git = { ...this.#git, error: null, refused: { commit: pulled.commit, reason: pulled.reason } };
        this.#taken ??= await this.#source.last();
      }
      listener?.onPull?.(pulled.kind, (clock.monotonic() - begun) / 1000);
      if (signal.aborted) return;
      this.#fetched = await fetchReports({ ...git, trusted: reports.trusted });
    } catch (error) {
      // Git was ended with everything else.
      if (signal.aborted) return;
      const said = wordsOf(error);
      // When git was last read stands in the state, of a job that has just begun.
      await this.#fromStore();
      if (this.#taken !== null) this.#recover(this.#taken);
      // It is said once, and again when it is something else: an outage may be long.
      log[this.#git.error === said ? "debug" : "error"]("git can't be read", {
        error: said,
        secondsSincePull: this.status().git.secondsSincePull,
      });
      this.#git = { ...this.#git, error: said };
      listener?.onPull?.("failed", (clock.monotonic() - begun) / 1000);
    }
  }

  /** What the zone has without the remote. */
  async #fromStore(): Promise<void> {
    const { git, reports, log } = this.#options;
    try {
      this.#taken ??= await this.#source.last();
      if (this.#fetched.size === 0) this.#fetched = await knownReports({ store: git.store, trusted: reports.trusted });
    } catch (error) {
      // There is no store yet, or it is spoilt.
      log.error("nothing was pulled before", { error: wordsOf(error) });
    }
  }

  /** At what each cluster is held: from the file, else from the report that the zone itself has pushed. */
  #recover(taken: TakenCommit): void {
    if (this.#state !== null) return;
    const { git, stateFile, log } = this.#options;
    const known = readState(stateFile, git.az);
    if (known !== null) {
      this.#state = known;
      this.#pulledAt ??= known.pulled;
      return;
    }
    const own = this.#fetched.get(shardName(git.az, this.#options.shard));
    const report = own === undefined ? undefined : parseReport(own.content);
    const held = new Map<string, HeldRelease>();
    if (report !== undefined && typeof report !== "string") {
      for (const { cluster, commit, content } of report.clusters) {
        if (commit === null || content === null || !taken.clusters.has(cluster)) continue;
        held.set(cluster, { commit, content, wellSeconds: 0, seenWell: null, wellSince: null });
      }
      log.info("what the zone knew was had from its own report", { clusters: held.size });
    }
    this.#state = { az: git.az, held, pulled: this.#pulledAt };
  }

  /** Counts how long clusters have been well: by a clock that only grows, so that nobody's setting of the time shortens a soak. */
  #count(): void {
    const state = this.#state;
    if (state === null) return;
    const { clock } = this.#options;
    const now = clock.monotonic();
    const date = clock.date().getTime();
    const elapsed = this.#countedAt === undefined ? 0 : (now - this.#countedAt) / 1000;
    this.#countedAt = now;
    const held = new Map(state.held);
    const counted = new Set<string>();
    for (const [cluster, before] of state.held) {
      const view = this.#viewOf(cluster);
      if (view === null) continue;
      if (!view.synced || !view.healthy) {
        held.set(cluster, { ...before, wellSeconds: 0, seenWell: null, wellSince: null });
        continue;
      }
      counted.add(cluster);
      const gap =
        this.#once && before.seenWell !== null && !this.#counted.has(cluster)
          ? Math.min(Math.max(date - before.seenWell, 0), LONGEST_GAP) / 1000
          : 0;
      const more = this.#counted.has(cluster) ? elapsed : gap;
      const soak = this.#taken?.clusters.get(cluster)?.rollout?.soakSeconds ?? 0;
      held.set(cluster, {
        ...before,
        wellSeconds: Math.min(before.wellSeconds + more, Math.max(soak, before.wellSeconds)),
        seenWell: date,
        wellSince: before.wellSince ?? date,
      });
    }
    this.#counted = counted;
    this.#state = { ...state, held, pulled: this.#pulledAt };
  }

  /** What was seen of a cluster since it was handed what it is held at. */
  #viewOf(cluster: string): ClusterView | null {
    const view = this.#entries.get(cluster)?.kept.view ?? null;
    return view !== null && view.commit === this.#state?.held.get(cluster)?.commit ? view : null;
  }

  /** What the other zones, and the other shards of this one, say. */
  #otherZones(taken: TakenCommit): readonly OtherZone[] {
    const { git, reports, shard } = this.#options;
    const others: OtherZone[] = [];
    for (const [az, tree] of taken.zones) {
      const own = az === git.az;
      if ((own && shard === null) || (!own && reports.without.includes(az))) continue;
      const sets = reportsOf(az, this.#fetched)
        // Of the own zone the other shards count, by the number that there are now.
        .map((set) => set.filter(([of]) => !own || (of !== null && of.shards === shard?.shards && of.shard !== shard.shard)))
        .filter((set) => set.length > 0)
        .map((set) => set.map(([of, fetched]) => this.#otherZone(taken, tree, shardName(az, of), az, fetched)));
      if (own && shard !== null && sets.length === 0) {
        for (let number = 0; number < shard.shards; number++)
          if (number !== shard.shard) others.push(this.#otherZone(taken, tree, shardName(az, { ...shard, shard: number }), az, undefined));
        continue;
      }
      // Where the number of shards was changed, older reports may still be there: what has seen the commit counts.
      const best = sets.find((set) => set.every(({ seen }) => seen)) ?? sets[0] ?? [this.#otherZone(taken, tree, az, az, undefined)];
      others.push(...best);
    }
    return others;
  }

  /** What one report says. @param name of its branch, after the prefix */
  #otherZone(taken: TakenCommit, tree: string, name: string, az: string, fetched: FetchedReport | undefined): OtherZone {
    const own = az === this.#options.git.az;
    const unseen = (why: string): OtherZone => ({ az: name, own, seen: false, why, clusters: [] });
    if (fetched === undefined) {
      const [, shards = ""] = /-of-(\d+)$/.exec(name === az ? "" : name) ?? [];
      return unseen(
        `it has never reported; halite sync --az ${az}${shards === "" ? "" : ` --shards ${shards}`} does, and sync:reports:without: [${az}] goes on without it`,
      );
    }
    if (fetched.signature !== null && fetched.signature.state !== "good")
      return unseen(`its report is not signed by anybody trusted (sync:reports:trusted)`);
    const report = parseReport(fetched.content);
    if (typeof report === "string") return unseen(report);
    if (report.az !== az) return unseen(`its report is of zone ${report.az}`);
    if (report.tree !== tree) {
      const age = duration((this.#options.clock.date().getTime() - Date.parse(report.time)) / 1000);
      return unseen(
        `it has not taken over commit ${taken.commit.slice(0, 12)} yet; its last report, ${age} ago, is about ${report.commit?.slice(0, 12) ?? "nothing"}`,
      );
    }
    const clusters = report.clusters.flatMap(({ cluster, wave, order, done, reason, hold, content, wanted, synced, healthy }) => {
      if (wave === null || order === null) return [];
      const why = hold?.reason ?? (reason === "" ? "it is watched still" : reason);
      const ill = content !== null && !(synced && healthy);
      return [{ cluster, wave, order, done, why, has: content === wanted, ill, held: hold !== null && hold.kind !== "waits" }];
    });
    return { az: name, own, seen: true, why: "", clusters };
  }

  async #waves(taken: TakenCommit): Promise<readonly WaveCluster[]> {
    const waves: WaveCluster[] = [];
    for (const release of taken.clusters.values()) {
      const held = this.#state?.held.get(release.cluster);
      const view = this.#viewOf(release.cluster);
      const well = view !== null && view.synced && view.healthy;
      waves.push({
        cluster: release.cluster,
        rollout: release.rollout,
        wanted: release.content,
        held: held?.content ?? null,
        approved: await this.#isApproved(release),
        problem: release.problem,
        well,
        why: well ? "" : (view?.reason ?? ""),
        wellSeconds: held?.wellSeconds ?? 0,
      });
    }
    return waves;
  }

  /** Whether one of the commits that are approved wants of the cluster what the newest one does. */
  async #isApproved({ cluster, content, rollout }: ClusterRelease): Promise<boolean> {
    for (const commit of rollout?.approved ?? []) {
      const key = `${commit} ${cluster}`;
      let known = this.#approvals.get(key);
      if (known === undefined) {
        try {
          known = (await this.#source.releaseAt(commit, cluster))?.content;
        } catch (error) {
          this.#options.log.warn("an approved commit can't be read", { commit, error: wordsOf(error) });
        }
        if (known !== undefined) this.#approvals.set(key, known);
      }
      if (known === content) return true;
    }
    return false;
  }

  /** Lets those that may go: what they are held at is written down before anything is done. */
  async #advance(taken: TakenCommit): Promise<void> {
    const state = this.#state;
    if (state === null) return;
    const held = new Map<string, HeldRelease>();
    for (const [cluster, release] of taken.clusters) {
      const before = state.held.get(cluster);
      if (this.#decisions.get(cluster)?.go !== true) {
        if (before !== undefined) held.set(cluster, before);
      } else if (before?.content === release.content) held.set(cluster, { ...before, commit: taken.commit });
      else held.set(cluster, { commit: taken.commit, content: release.content, wellSeconds: 0, seenWell: null, wellSince: null });
    }
    this.#state = { ...state, held };
    try {
      await this.#source.hold([...held.values()].map(({ commit }) => commit));
    } catch (error) {
      this.#options.log.warn("held commits can't be marked in the store", { error: wordsOf(error) });
    }
    if (!this.#save(false)) this.#state = state;
  }

  /** Whether it is on the disk. */
  #save(whole: boolean): boolean {
    const state = this.#state;
    if (state === null) return true;
    // When a cluster was last seen well changes all the time, and is written at the end only, or for jobs that end at once.
    const text = JSON.stringify(
      [...state.held].map(([cluster, each]) => [cluster, each.commit, each.content, Math.round(each.wellSeconds / 10)]),
    );
    if (!whole && text === this.#saved) return true;
    try {
      writeState(this.#options.stateFile, state);
      this.#saved = text;
      this.#stateError = null;
      return true;
    } catch (error) {
      this.#stateError = wordsOf(error);
      this.#options.log.error("the state can't be written: no cluster gets anything new", { error: this.#stateError });
      return false;
    }
  }

  /** Hands a cluster what it is held at. */
  async #handOut(cluster: string, taken: TakenCommit, signal: AbortSignal): Promise<void> {
    const held = this.#state?.held.get(cluster);
    if (held === undefined) return;
    const before = this.#handed.get(cluster);
    if (before?.commit === held.commit) return;
    let desired: Desired;
    let files: ReadonlyMap<string, Uint8Array>;
    try {
      const release = held.commit === taken.commit ? taken.clusters.get(cluster) : await this.#source.releaseAt(held.commit, cluster);
      if (release === undefined || release === null) throw new Error(`commit ${held.commit.slice(0, 12)} is not to be had any more`);
      files = release.files;
      // Clusters have much in common: what is the same is read, and kept, once.
      if (this.#texts.size > MOST_TEXTS) this.#texts.clear();
      desired = readRelease(files, cluster, held.commit, this.#texts);
      this.#problems.delete(cluster);
    } catch (error) {
      if (this.#problems.get(cluster) !== wordsOf(error))
        this.#options.log.error("a release can't be read", { cluster, commit: held.commit, error: wordsOf(error) });
      this.#problems.set(cluster, wordsOf(error));
      return;
    }
    this.#handed.set(cluster, { commit: held.commit, content: held.content });
    this.#entry(cluster, signal).kept.want(desired, files, before?.content === held.content);
  }

  #entry(cluster: string, signal: AbortSignal): Entry {
    const known = this.#entries.get(cluster);
    if (known !== undefined) return known;
    const { access, reveal, clock, random, log, version, resync, patience, listener } = this.#options;
    const kept = new KeptCluster({
      cluster,
      access: () => access(cluster),
      standing: (applied, commit) => this.#source.standing(applied, commit),
      reveal,
      turns: this.#turns,
      clock,
      random,
      log: log.with({ cluster }),
      version,
      resync,
      patience: patience ?? 300_000,
      onPass: (pass) => listener?.onPass?.(cluster, pass),
      onView: () => this.#notice(),
    });
    const stop = new AbortController();
    const entry: Entry = { kept, stop, ended: kept.run(AbortSignal.any([signal, stop.signal])) };
    this.#entries.set(cluster, entry);
    return entry;
  }

  /** What the branch no longer has is left alone: nothing in it is deleted because its folder is gone. */
  #dropGone(taken: TakenCommit): void {
    for (const [cluster, { stop }] of this.#entries) {
      if (taken.clusters.has(cluster)) continue;
      this.#options.log.warn("the branch has this cluster no more: it is left as it is", { cluster });
      stop.abort();
      this.#entries.delete(cluster);
      this.#handed.delete(cluster);
    }
  }

  #report(): ZoneReport {
    const { git, clock } = this.#options;
    const taken = this.#taken;
    const clusters: ReportedCluster[] = [];
    for (const release of taken?.clusters.values() ?? []) {
      const { cluster, rollout, content: wanted } = release;
      const held = this.#state?.held.get(cluster);
      const view = this.#viewOf(cluster);
      const decision = this.#decisions.get(cluster);
      const [synced, healthy] = [view?.synced ?? false, view?.healthy ?? false];
      const well = synced && healthy;
      const wave = {
        cluster,
        rollout,
        wanted,
        held: held?.content ?? null,
        approved: false,
        problem: release.problem,
        well,
        why: view?.reason ?? "",
        wellSeconds: held?.wellSeconds ?? 0,
      };
      const done = isDone(wave);
      const unread = this.#problems.get(cluster);
      clusters.push({
        cluster,
        wave: rollout?.wave ?? null,
        order: rollout?.order ?? null,
        commit: held?.commit ?? null,
        content: held?.content ?? null,
        wanted,
        synced,
        healthy,
        wellSince: held?.wellSince === null || held === undefined || !well ? null : new Date(held.wellSince).toISOString(),
        done,
        hold: decision === undefined || decision.go ? null : { kind: decision.kind, reason: decision.reason },
        reason:
          unread ??
          (well
            ? done
              ? ""
              : held?.content === wanted
                ? whyNotDone(wave)
                : ""
            : (view?.reason ?? (held === undefined ? "" : "it was not looked at yet"))),
        addons: view?.addons ?? [],
      });
    }
    return {
      apiVersion: "halite.dev/v1alpha1",
      kind: "ZoneReport",
      az: git.az,
      shard: this.#options.shard === null ? null : shardWords(this.#options.shard),
      time: clock.date().toISOString(),
      commit: taken?.commit ?? null,
      tree: taken?.tree ?? null,
      clusters,
    };
  }

  /** Pushes what has changed since the last time. What can't be pushed now is with the next look at git. */
  async #pushReport(pull: boolean): Promise<void> {
    const { git, reports, clock, log, listener } = this.#options;
    const report = settledReport(this.#report());
    if (this.#pushed !== null && sameReport(report, this.#pushed)) return;
    // Git can't be reached: it is no use to try more often than it is looked at.
    if (this.#git.error !== null && !pull) return;
    try {
      const outcome = await pushReport(
        git,
        shardName(git.az, this.#options.shard),
        reportText(report),
        clock.date().getTime() / 1000,
        reports.sign,
      );
      if (outcome.kind === "pushed") {
        this.#pushed = report;
        this.#git = { ...this.#git, report: null };
        listener?.onReport?.("pushed");
        return;
      }
      const said =
        outcome.kind === "moved"
          ? "somebody else reports for this zone: another halite sync may run for it"
          : outcome.kind === "refused"
            ? [outcome.reason, ...outcome.lines].join("; ")
            : outcome.said.trim().split("\n").slice(-2).join("; ");
      this.#git = { ...this.#git, report: said };
      if (outcome.kind === "moved") this.#fetched = await fetchReports({ ...git, trusted: reports.trusted });
      log.error("the report can't be pushed", { error: said });
    } catch (error) {
      this.#git = { ...this.#git, report: wordsOf(error) };
      log.error("the report can't be pushed", { error: wordsOf(error) });
    }
    listener?.onReport?.("failed");
  }
}

/** Without what changes by the second: how long a soak still takes is for the status, not for a commit each time. */
function settledReport(report: ZoneReport): ZoneReport {
  return {
    ...report,
    clusters: report.clusters.map((each) => ({
      ...each,
      reason: each.reason.replace(/^it is watched for .* more /, "it is watched "),
      ...(each.hold === null
        ? {}
        : {
            hold: {
              ...each.hold,
              reason: each.hold.reason
                .replace(/it is watched for .* more /, "it is watched ")
                .replace(/its last report, .* ago, is/, "its last report is"),
            },
          }),
    })),
  };
}

function wordsOf(error: unknown): string {
  if (error instanceof FindingError) return error.message.split("\n").slice(0, 3).join(" ").trim();
  return error instanceof Error ? (error.message.split("\n")[0] ?? error.name) : String(error);
}
