import { ClusterKeeper, type Desired, type KeptPass, type Reveal, type Standing } from "../cluster/index.ts";
import { ApiClient, HURRY } from "../kubernetes/index.ts";
import type { Clock, Log, Random } from "../controllers/runtime/index.ts";
import { FindingError } from "../finding/index.ts";
import type { ClusterAccess } from "./kubeconfigs.ts";
import type { ReportedAddon } from "./report.ts";
import type { Turns } from "./turns.ts";

/** How a cluster was when it was last looked at. */
export interface ClusterView {
  /** The commit that it was held against. */
  readonly commit: string | null;
  readonly synced: boolean;
  readonly healthy: boolean;
  /** The first thing to look at; empty where there is none. */
  readonly reason: string;
  readonly addons: readonly ReportedAddon[];
}

/** Makes what opens the references of one release, for one cluster. */
export type RevealOf = (client: ApiClient, files: ReadonlyMap<string, Uint8Array>) => Reveal;

export interface KeptClusterOptions {
  readonly cluster: string;
  readonly access: () => ClusterAccess;
  readonly standing: (applied: string, commit: string) => Promise<Standing>;
  /** What opens references to sealed values of a release, by its files. */
  readonly reveal: RevealOf | undefined;
  readonly turns: Turns;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly version: string;
  /** Milliseconds. */
  readonly resync: number;
  /** Milliseconds that is waited in a pass for what must be healthy or gone first. */
  readonly patience: number;
  /** Told of every pass, for metrics, and with null when nothing could be seen. */
  readonly onPass: (pass: KeptPass | null) => void;
  /** Told when the view changed. */
  readonly onView: () => void;
}

const FIRST_RETRY = 2_000;
const LONGEST_RETRY = 300_000;

/** Half of the wait is fixed and half is chance, so that clusters that failed together do not come back together. */
export function retryAfter(failures: number, random: Random): number {
  const whole = Math.min(FIRST_RETRY * 2 ** Math.min(failures - 1, 20), LONGEST_RETRY);
  return whole / 2 + (random() * whole) / 2;
}

/** One cluster that is kept as its release says until the signal comes. Whatever happens in it stays in it. */
export class KeptCluster {
  readonly #options: KeptClusterOptions;
  #desired: Desired | null = null;
  #files: ReadonlyMap<string, Uint8Array> = new Map();
  #keeper: ClusterKeeper | undefined;
  #view: ClusterView | null = null;
  #restart: AbortController | undefined;
  #stamp = "";
  #wanted: (() => void) | undefined;
  #failures = 0;

  constructor(options: KeptClusterOptions) {
    this.#options = options;
  }

  /** null: it was not looked at since it was told what it should be. */
  get view(): ClusterView | null {
    return this.#view;
  }

  /** What it should hold from now on. `same`: it comes to the same as before, so that what was seen still counts. */
  want(desired: Desired, files: ReadonlyMap<string, Uint8Array>, same = false): void {
    if (desired.commit === this.#desired?.commit) return;
    this.#files = files;
    this.#desired = desired;
    this.#view = same && this.#view !== null ? { ...this.#view, commit: desired.commit } : null;
    this.#keeper?.want(desired);
    this.#wanted?.();
  }

  /** Begins anew where its kubeconfig was changed. */
  checkAccess(): void {
    if (this.#stamp === "" || this.#restart === undefined) return;
    let stamp = "";
    try {
      ({ stamp } = this.#options.access());
    } catch {
      // It is gone: the connection that there is may still serve.
      return;
    }
    if (stamp === this.#stamp) return;
    this.#options.log.info("the kubeconfig was changed");
    this.#restart.abort();
  }

  /** Keeps it until the signal comes. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, log } = this.#options;
    while (!signal.aborted) {
      if (this.#desired === null) {
        await this.#untilWanted(signal);
        continue;
      }
      const restart = new AbortController();
      this.#restart = restart;
      const both = AbortSignal.any([signal, restart.signal]);
      try {
        await this.#keep(this.#desired, both);
        this.#failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        this.#failures += 1;
        const delay = retryAfter(this.#failures, random);
        this.#trouble(error instanceof FindingError ? (error.message.split("\n")[0] ?? "") : describe(error));
        if (!(error instanceof FindingError)) log.error("keeping the cluster failed", { error: describe(error) });
        await clock.sleep(delay, signal);
      } finally {
        this.#keeper = undefined;
        this.#restart = undefined;
      }
    }
  }

  async #untilWanted(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wanted = resolve;
      signal.addEventListener("abort", () => resolve(), { once: true });
      if (signal.aborted) resolve();
    });
    this.#wanted = undefined;
  }

  async #keep(desired: Desired, signal: AbortSignal): Promise<void> {
    const { access, turns, random, version, resync, patience, clock, standing } = this.#options;
    const { endpoint, stamp } = access();
    this.#stamp = stamp;
    const client = new ApiClient(endpoint, { userAgent: `halite-sync/${version}`, patience: 20_000 });
    let hurried: (() => void) | undefined;
    const hurry = (): void => {
      hurried = clock.after(HURRY, () => client.close());
    };
    signal.addEventListener("abort", hurry, { once: true });
    try {
      const reveal = this.#revealer(client);
      const keeper = new ClusterKeeper(client, desired, {
        observe: { reveal, standing: (applied) => standing(applied, this.#desired?.commit ?? "") },
        apply: { reveal, tooling: `halite/v${version}`, now: () => clock.date(), timeout: patience },
        resync,
        turn: (pass, ended) => turns.take(pass, ended),
        retryAfter: (failures) => retryAfter(failures, random),
        onPass: (pass) => this.#see(pass),
        onTrouble: (error) => {
          this.#options.onPass(null);
          this.#trouble(
            `the API server ${error.name === "ApiError" ? "refused" : "gives no answer"}: ${error.message.split("\n")[0] ?? ""}`,
          );
        },
      });
      this.#keeper = keeper;
      await keeper.run(signal);
    } finally {
      signal.removeEventListener("abort", hurry);
      hurried?.();
      client.close();
    }
  }

  /** Opens what the release that is wanted now has sealed. */
  #revealer(client: ApiClient): Reveal | undefined {
    const { reveal: make } = this.#options;
    if (make === undefined) return undefined;
    let known: { readonly files: ReadonlyMap<string, Uint8Array>; readonly reveal: Reveal } | undefined;
    return async (object, where) => {
      if (known?.files !== this.#files) known = { files: this.#files, reveal: make(client, this.#files) };
      return await known.reveal(object, where);
    };
  }

  #see(pass: KeptPass): void {
    this.#options.onPass(pass);
    this.#failures = 0;
    // A pass over what was wanted before says nothing of what is wanted now.
    if (pass.plan.commit !== this.#desired?.commit) return;
    this.#show(viewOf(pass));
  }

  #trouble(reason: string): void {
    const known = this.#view;
    this.#show({ commit: this.#desired?.commit ?? null, synced: false, healthy: false, reason, addons: known?.addons ?? [] });
  }

  #show(view: ClusterView): void {
    const before = JSON.stringify(this.#view);
    this.#view = view;
    if (JSON.stringify(view) === before) return;
    if (view.reason !== "") this.#options.log.warn("the cluster is not well", { reason: view.reason });
    else this.#options.log.info("the cluster is synced and healthy", { commit: view.commit });
    this.#options.onView();
  }
}

/** How a cluster is, by a pass over it. */
export function viewOf({ plan, result }: KeptPass): ClusterView {
  const addons = (result?.addons ?? []).map(({ name, status }) => ({
    name,
    sync: status.sync,
    health: status.health,
    reason: status.reason,
    objects: status.objects,
    healthy: status.healthy,
  }));
  const [refused] = plan.refused;
  const counted = addons.filter(({ sync }) => sync !== "Suspended");
  const unsynced = counted.find(({ sync }) => sync !== "Synced");
  const ill = counted.find(({ health }) => health !== "Current");
  const first = unsynced ?? ill;
  return {
    commit: plan.commit,
    synced: refused === undefined && unsynced === undefined,
    healthy: refused === undefined && ill === undefined,
    reason:
      refused ??
      (first === undefined
        ? ""
        : `${first.name} is ${first === unsynced ? first.sync : first.health}${first.reason === "" ? "" : `: ${first.reason}`}`),
    addons,
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.message.split("\n")[0] ?? error.name) : String(error);
}
