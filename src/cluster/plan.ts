import {
  describeRef,
  groupKind,
  keyOf,
  type Desired,
  type DesiredAddon,
  type DesiredObject,
  type ObjectKey,
  type ObjectRef,
  type PruneSettings,
  type Standing,
} from "./types.ts";
import type { Mode } from "../addon/index.ts";
import { addonSetId, type InventoryAddon, type Member } from "./addon-object.ts";
import { PART_OF } from "./applyset.ts";
import { departures, type FieldChange } from "./changes.ts";
import { CONFIRMED, PRUNE_ANNOTATION } from "./dangers.ts";
import { textAt, type KubernetesObject } from "../kubernetes/index.ts";
import { ownEntry } from "./managed-fields.ts";
import { MODE_LABEL } from "./labels.ts";
import { isSuspended, type Observed } from "./observe.ts";
import { byDependency, isCustomKind, PHASES, phaseOf, pruneRank, type Phase } from "./order.ts";
import { goesAfterRollout, rollingOut } from "./rollout.ts";
import type { Comparison, Conflict } from "./try-apply.ts";

/** In a manifest: an object in which a field that can't change has to may be deleted and made anew. */
export const REPLACE_ANNOTATION = "halite.dev/replace";
const REPLACE_ALLOWED = "allowed";
/** What it has to be for what holds data, or others' objects. */
const REPLACE_WITH_LOSS = "with-data-loss";
const HOLDS_DATA = new Set(["PersistentVolume", "PersistentVolumeClaim", "Namespace", "CustomResourceDefinition.apiextensions.k8s.io"]);

/** The reason of what a pass over some objects passes over. */
export const NOT_LOOKED_AT = "it was not looked at in this pass";

interface OperationBase {
  readonly addon: string;
  readonly key: ObjectKey;
  readonly ref: ObjectRef;
  readonly mode: Mode;
  /** Why this and nothing else; one sentence without a full stop. */
  readonly reason: string;
  readonly phase: Phase;
}

/** What is done with one object. */
export type Operation =
  | (OperationBase & { readonly op: "create" })
  | (OperationBase & {
      readonly op: "update" | "adopt";
      readonly uid: string;
      /** `apply` the manifest, or change the mode's `labels` in place and nothing else. */
      readonly how: "apply" | "labels";
      readonly changes: readonly FieldChange[];
      readonly conflicts: readonly Conflict[];
      readonly comparison: Extract<Comparison, { kind: "differs" }> | null;
    })
  | (OperationBase & { readonly op: "replace"; readonly uid: string; readonly resourceVersion: string })
  | (OperationBase & { readonly op: "skip" | "wait" | "refuse"; readonly uid: string | null })
  | (OperationBase & { readonly op: "prune"; readonly uid: string; readonly resourceVersion: string; readonly rank: number })
  /**
   * It stays in the cluster and is Halite's no more: `forget` only takes it out of the inventory, `release` hands its fields to client-side apply and
   * takes the set's label off.
   */
  | (OperationBase & { readonly op: "orphan"; readonly how: "forget" | "release"; readonly uid: string | null });

export type OperationName = Operation["op"];

/** What is done with one addon. */
export interface AddonPlan {
  readonly name: string;
  /**
   * `apply`; `failed`: it did not compile, nothing of it is touched; `suspended`; `removed`: no release names it any more;
   * `refused`: the release must not be applied over what is there.
   */
  readonly state: "apply" | "failed" | "suspended" | "removed" | "refused";
  readonly why: string;
  readonly dependsOn: readonly string[];
  /** Digest of what is wanted; null where nothing is applied. */
  readonly digest: string | null;
  /** Whether something else than the last time is wanted: only then it waits for what it depends on. */
  readonly changed: boolean;
  readonly operations: readonly Operation[];
}

/** All that is done in one pass over a cluster: data, which `applyPlan` carries out as it stands. */
export interface Plan {
  readonly cluster: string;
  readonly server: string;
  readonly commit: string | null;
  /** In the order in which they are applied. */
  readonly addons: readonly AddonPlan[];
  /** What hinders the plan as a whole: nothing is done then. */
  readonly refused: readonly string[];
  /** Objects that carry a set's label and are left alone. */
  readonly notes: readonly string[];
}

export interface PlanOptions {
  /** Apply although a real addon manager runs in the cluster. */
  readonly besideAddonManager?: boolean;
  /** Only these objects were read: the others are passed over, and nothing is pruned. */
  readonly only?: ReadonlySet<ObjectKey> | undefined;
  /** Give everything back to who applies on the client side: nothing of it changes, and nothing stays Halite's. */
  readonly handBack?: boolean;
}

/** live × desired × inventory → what to do. Pure. */
export function makePlan(server: string, desired: Desired, observed: Observed, options: PlanOptions = {}): Plan {
  const refused: string[] = [];
  if (desired.state === "failed") refused.push(`the release did not compile: ${desired.why.join("; ")}`);
  if (observed.addonManagers.length > 0 && options.besideAddonManager !== true && options.handBack !== true) {
    refused.push(
      `the addon manager still runs in the cluster (Pod kube-system/${observed.addonManagers.join(", ")}): it would bring back what Halite drops and prune what it does not know; stop it first`,
    );
  }
  const planner = new Planner(desired, observed, options);
  if (options.handBack === true) {
    const addons = [...observed.inventory.values()].map((addon) => planner.handBack(addon));
    return { cluster: desired.cluster, server, commit: desired.commit, addons, refused: [], notes: [] };
  }
  const addons = desired.addons.map((addon) => planner.addon(addon));
  const wanted = new Set(desired.addons.map((addon) => addon.name));
  if (desired.state !== "failed") {
    for (const addon of observed.inventory.values()) if (!wanted.has(addon.name)) addons.push(planner.removed(addon));
  }
  return { cluster: desired.cluster, server, commit: desired.commit, addons: byDependency(addons), refused, notes: planner.notes() };
}

class Planner {
  readonly #observed: Observed;
  readonly #options: PlanOptions;
  /** Each object that some addon of the release wants. */
  readonly #wanted = new Map<ObjectKey, DesiredAddon>();
  /** Kinds that the release itself defines: `Widget.example.org`. */
  readonly #defined = new Set<string>();
  readonly #namespaces = new Set<string>();

  constructor(desired: Desired, observed: Observed, options: PlanOptions) {
    this.#observed = observed;
    this.#options = options;
    for (const addon of desired.addons) {
      if (addon.state !== "complete") continue;
      for (const object of addon.objects) {
        this.#wanted.set(object.key, addon);
        if (object.ref.kind === "Namespace" && object.ref.group === "") this.#namespaces.add(object.ref.name);
        const defined = definedKind(object.object);
        if (defined !== undefined) this.#defined.add(defined);
      }
    }
  }

  addon(addon: DesiredAddon): AddonPlan {
    const known = this.#observed.inventory.get(addon.name);
    const base = { name: addon.name, dependsOn: addon.dependsOn };
    if (addon.state === "failed")
      return { ...base, state: "failed", why: addon.why.join("; "), digest: null, changed: false, operations: [] };
    const suspended = addon.suspended ? "by pillar" : known?.suspended === true ? "by the annotation on its Addon" : undefined;
    if (suspended !== undefined) {
      const reason = `the addon is suspended ${suspended}`;
      return {
        ...base,
        state: "suspended",
        why: reason,
        digest: null,
        changed: false,
        operations: addon.objects.map((each) => this.#passive(addon.name, each, "skip", reason)),
      };
    }
    const standing = goesBack(this.#observed.standings.get(addon.name));
    if (standing !== undefined) {
      const why = `${standing} (applied: ${known?.commit ?? "?"})`;
      return {
        ...base,
        state: "refused",
        why,
        digest: null,
        changed: false,
        operations: addon.objects.map((each) => this.#passive(addon.name, each, "refuse", why)),
      };
    }
    const operations = addon.objects.map((object) => this.#object(addon.name, object, known));
    const changed = known?.digest !== addon.digest;
    const pruning = this.#options.only !== undefined ? [] : this.#prune(addon.name, known, addon, operations);
    return { ...base, state: "apply", why: "", digest: addon.digest, changed, operations: sorted([...operations, ...pruning]) };
  }

  /** An addon that the release does not name any more. */
  removed(known: InventoryAddon): AddonPlan {
    const base = { name: known.name, dependsOn: known.dependsOn, digest: null, changed: true };
    const standing = goesBack(this.#observed.standings.get(known.name));
    if (known.suspended)
      return { ...base, state: "suspended", why: "the addon is suspended by the annotation on its Addon", operations: [] };
    if (standing !== undefined) return { ...base, state: "refused", why: standing, operations: [] };
    const operations = this.#options.only !== undefined ? [] : this.#prune(known.name, known, undefined, []);
    return { ...base, state: "removed", why: "the release does not name it any more", operations: sorted(operations) };
  }

  /** An addon that somebody else goes on with. */
  handBack(known: InventoryAddon): AddonPlan {
    const operations = [...known.members].map(([key, member]): Operation => {
      const live = this.#observed.live.get(key);
      const release = member.mode === "Reconcile" && live !== undefined && ownEntry(live) !== undefined;
      const reason = release ? "it is handed back: its fields become those of client-side apply" : "it is handed back as it is";
      return {
        ...this.#memberBase(known.name, member, key, reason),
        op: "orphan",
        how: release ? "release" : "forget",
        uid: live?.metadata.uid ?? null,
      };
    });
    return {
      name: known.name,
      state: "removed",
      why: "it is handed back",
      dependsOn: known.dependsOn,
      digest: null,
      changed: true,
      operations: sorted(operations),
    };
  }

  notes(): readonly string[] {
    return this.#observed.leftovers
      .filter(({ ours, addon }) => !ours || addon === null)
      .map(({ ref, addon, ours, setId }) =>
        ours
          ? `${describeRef(ref)} was made by Halite for a set that is not known here (${setId}); it is left alone: delete it by hand if it is not needed`
          : `${describeRef(ref)} carries the label of addon ${addon ?? "?"}, but Halite did not make it: it is left alone`,
      );
  }

  #base(addon: string, object: DesiredObject, reason: string): OperationBase {
    return { addon, key: object.key, ref: object.ref, mode: object.mode, reason, phase: phaseOf(object.ref) };
  }

  #passive(addon: string, object: DesiredObject, op: "skip" | "wait" | "refuse", reason: string): Operation {
    return { ...this.#base(addon, object, reason), op, uid: this.#observed.live.get(object.key)?.metadata.uid ?? null };
  }

  #object(addon: string, object: DesiredObject, known: InventoryAddon | undefined): Operation {
    const { discovery, live: all, unread } = this.#observed;
    const { ref, key, mode } = object;
    const wait = (reason: string): Operation => this.#passive(addon, object, "wait", reason);
    const refuse = (reason: string): Operation => this.#passive(addon, object, "refuse", reason);
    if (this.#options.only !== undefined && !this.#options.only.has(key))
      return { ...this.#base(addon, object, NOT_LOOKED_AT), op: "skip", uid: known?.members.get(key)?.uid ?? null };
    const live = all.get(key);
    if (isSuspended(object.object) || (live !== undefined && isSuspended(live)))
      return this.#passive(addon, object, "skip", "it is suspended by the annotation halite.dev/reconcile");
    if (discovery.served(ref) === undefined) return this.#unserved(addon, object);
    const hindrance = unread.get(key);
    if (hindrance !== undefined) return wait(`it could not be read: ${hindrance}`);
    if (live === undefined) {
      const why = this.#namespaceProblem(ref);
      if (why !== undefined) return why.terminating ? wait(why.text) : refuse(why.text);
      return { ...this.#base(addon, object, known?.members.get(key)?.uid == null ? "it is not there" : "it was deleted"), op: "create" };
    }
    if (live.metadata.deletionTimestamp !== undefined) {
      const finalizers = live.metadata.finalizers ?? [];
      return wait(
        `it is terminating since ${live.metadata.deletionTimestamp}${finalizers.length === 0 ? "" : `, held by ${finalizers.join(", ")}`}; it is made again once it is gone`,
      );
    }
    return mode === "EnsureExists" ? this.#ensured(addon, object, live, known) : this.#reconciled(addon, object, live, known);
  }

  /** An object of a kind that the cluster does not serve, or not in that version. */
  #unserved(addon: string, object: DesiredObject): Operation {
    const { discovery } = this.#observed;
    const { ref } = object;
    const kind = groupKind(ref);
    if (discovery.unreachable.has(ref.group)) return this.#passive(addon, object, "wait", `the API group ${ref.group} does not answer`);
    if (this.#defined.has(kind))
      return { ...this.#base(addon, object, "it is not there; its CustomResourceDefinition is of this release"), op: "create" };
    const other = discovery.anyVersion(ref);
    if (other !== undefined)
      return this.#passive(addon, object, "refuse", `the cluster serves ${kind} in version ${other.version}, not in ${ref.version}`);
    return this.#passive(addon, object, "wait", `the cluster does not serve ${kind}, and no addon of the release defines it`);
  }

  #namespaceProblem(ref: ObjectRef): { readonly terminating: boolean; readonly text: string } | undefined {
    if (ref.namespace === null || this.#namespaces.has(ref.namespace)) return undefined;
    const key = keyOf({ group: "", kind: "Namespace", namespace: null, name: ref.namespace });
    const namespace = this.#observed.live.get(key);
    if (namespace?.metadata.deletionTimestamp !== undefined)
      return { terminating: true, text: `namespace ${ref.namespace} is terminating` };
    if (namespace !== undefined || this.#observed.unread.has(key)) return undefined;
    return { terminating: false, text: `namespace ${ref.namespace} is not there, and no addon of the release makes it` };
  }

  #ensured(addon: string, object: DesiredObject, live: KubernetesObject, known: InventoryAddon | undefined): Operation {
    const uid = live.metadata.uid ?? "";
    // Only what Halite reconciled before: a label that a user flipped is the user's.
    if (this.#memberMode(object.key, known) === "Reconcile") {
      const changes: FieldChange[] = [
        { path: `metadata.labels.[${MODE_LABEL}]`, from: live.metadata.labels?.[MODE_LABEL] ?? null, to: "EnsureExists" },
        { path: `metadata.labels.[${PART_OF}]`, from: live.metadata.labels?.[PART_OF] ?? null },
      ];
      return {
        ...this.#base(addon, object, "its mode is EnsureExists now: its labels change in place, it stays as it is"),
        op: "update",
        how: "labels",
        uid,
        changes,
        conflicts: [],
        comparison: null,
      };
    }
    const other = departures(withoutLabels(object.object), live).length;
    const reason =
      other === 0
        ? "it exists"
        : `it exists; EnsureExists leaves it as it is, other than the manifest in ${other} field${other === 1 ? "" : "s"}`;
    return { ...this.#base(addon, object, reason), op: "skip", uid };
  }

  /** The mode in which any addon has the object in its inventory. */
  #memberMode(key: ObjectKey, known: InventoryAddon | undefined): Mode | undefined {
    const own = known?.members.get(key);
    if (own !== undefined) return own.mode;
    for (const addon of this.#observed.inventory.values()) {
      const member = addon.members.get(key);
      if (member !== undefined) return member.mode;
    }
    return undefined;
  }

  #reconciled(addon: string, object: DesiredObject, live: KubernetesObject, known: InventoryAddon | undefined): Operation {
    const uid = live.metadata.uid ?? "";
    const comparison = this.#observed.comparisons.get(object.key);
    const setId = live.metadata.labels?.[PART_OF];
    const own = ownEntry(live) !== undefined;
    if (setId !== undefined && setId !== addonSetId(addon) && !own)
      return this.#passive(addon, object, "refuse", `it is a member of another ApplySet, ${setId}: take the label ${PART_OF} off it first`);
    if (comparison === undefined) return this.#passive(addon, object, "wait", "it was not compared");
    const update = (op: "update" | "adopt", reason: string, differs: Extract<Comparison, { kind: "differs" }> | null): Operation => ({
      ...this.#base(addon, object, reason),
      op,
      how: "apply",
      uid,
      changes: differs?.changes ?? [],
      conflicts: differs?.conflicts ?? [],
      comparison: differs,
    });
    switch (comparison.kind) {
      case "same":
        return this.#passive(addon, object, "skip", "it is as the manifest says");
      case "differs": {
        if (!own) return update("adopt", adoptWords(comparison, known?.members.get(object.key)?.mode === "EnsureExists"), comparison);
        return update("update", updateWords(comparison), comparison);
      }
      case "untried":
        return update(own ? "update" : "adopt", `it is other than the manifest; a dry run was not possible: ${comparison.message}`, null);
      case "refused":
        return this.#passive(addon, object, "refuse", comparison.message);
      case "immutable":
      default:
        return this.#immutable(addon, object, live, comparison.message);
    }
  }

  #immutable(addon: string, object: DesiredObject, live: KubernetesObject, message: string): Operation {
    const holdsData = HOLDS_DATA.has(groupKind(object.ref));
    const needed = holdsData ? REPLACE_WITH_LOSS : REPLACE_ALLOWED;
    const said = object.object.metadata.annotations?.[REPLACE_ANNOTATION];
    if (said === needed || said === REPLACE_WITH_LOSS) {
      const { uid = "", resourceVersion = "" } = live.metadata;
      return { ...this.#base(addon, object, `it is deleted and made anew: ${message}`), op: "replace", uid, resourceVersion };
    }
    const advice = `Annotate the manifest ${REPLACE_ANNOTATION}: ${needed} to let it be deleted and made anew${holdsData ? ", with what it holds" : ""}`;
    return this.#passive(addon, object, "refuse", `a field that can't change has to: ${message}. ${advice}`);
  }

  /** What becomes of the members that the release does not name. */
  #prune(
    addon: string,
    known: InventoryAddon | undefined,
    release: Extract<DesiredAddon, { state: "complete" }> | undefined,
    applied: readonly Operation[],
  ): Operation[] {
    const gone = [...(known?.members ?? [])].filter(([key]) => !this.#wanted.has(key));
    const settings: PruneSettings | undefined = release?.prune;
    const pruning: { readonly member: Member; readonly key: ObjectKey; readonly live: KubernetesObject }[] = [];
    const operations: Operation[] = [];
    const say = (member: Member, key: ObjectKey, op: "skip" | "wait" | "refuse", reason: string): void => {
      operations.push({ ...this.#memberBase(addon, member, key, reason), op, uid: member.uid });
    };
    for (const [key, member] of gone) {
      const live = this.#observed.live.get(key);
      const unread = this.#observed.unread.get(key);
      if (member.mode === "EnsureExists")
        operations.push({
          ...this.#memberBase(addon, member, key, "its manifest is gone; EnsureExists leaves it"),
          op: "orphan",
          how: "forget",
          uid: null,
        });
      else if (this.#observed.discovery.unreachable.has(member.group))
        say(member, key, "wait", `the API group ${member.group} does not answer: whether it is there is not known`);
      else if (this.#observed.discovery.anyVersion(member) === undefined)
        say(member, key, "skip", `the cluster does not serve ${groupKind(member)}: it stays in the inventory`);
      else if (unread !== undefined) say(member, key, "wait", `it could not be read: ${unread}`);
      else if (live === undefined)
        operations.push({
          ...this.#memberBase(addon, member, key, "its manifest is gone, and so is it"),
          op: "orphan",
          how: "forget",
          uid: null,
        });
      else if (member.uid !== null && live.metadata.uid !== member.uid && ownEntry(live) === undefined)
        operations.push({
          ...this.#memberBase(addon, member, key, "somebody made another object of that name since: it is not Halite's"),
          op: "orphan",
          how: "forget",
          uid: null,
        });
      else if (member.uid === null && ownEntry(live) === undefined)
        operations.push({ ...this.#memberBase(addon, member, key, "Halite never applied it"), op: "orphan", how: "forget", uid: null });
      else if (isSuspended(live))
        say(member, key, "skip", "its manifest is gone, but it is suspended by the annotation halite.dev/reconcile");
      else pruning.push({ member, key, live });
    }
    for (const leftover of this.#observed.leftovers) {
      if (leftover.addon !== addon || !leftover.ours) continue;
      const member: Member = {
        group: leftover.ref.group,
        kind: leftover.ref.kind,
        namespace: leftover.ref.namespace,
        name: leftover.ref.name,
        mode: "Reconcile",
        uid: leftover.uid,
      };
      const danger = HOLDS_DATA.has(groupKind(member));
      if (danger) say(member, leftover.key, "refuse", `no inventory knows it, but Halite made it; it may hold data: delete it by hand`);
      else
        operations.push({
          ...this.#memberBase(addon, member, leftover.key, "no manifest and no inventory knows it, but Halite made it for this addon"),
          op: "prune",
          uid: leftover.uid,
          resourceVersion: leftover.resourceVersion,
          rank: pruneRank(member, isCustomKind(member, this.#observed.discovery)),
        });
    }
    const blocked = blockedBy(applied) ?? blockedBy(operations);
    const rolling = rollingOut(release?.objects ?? [], applied, this.#observed.live);
    // What a newer one of its kind has taken the place of is no loss that has to be confirmed.
    const guard = this.#guard(addon, known, release, pruning.filter(({ live }) => !goesAfterRollout(live)).length);
    for (const { member, key, live } of pruning) {
      if (live.metadata.deletionTimestamp !== undefined) {
        say(
          member,
          key,
          "wait",
          `it is being deleted since ${live.metadata.deletionTimestamp}${(live.metadata.finalizers ?? []).length === 0 ? "" : `, held by ${(live.metadata.finalizers ?? []).join(", ")}`}`,
        );
        continue;
      }
      const confirmed =
        live.metadata.annotations?.[PRUNE_ANNOTATION] === CONFIRMED || settings?.confirm.includes(describeRef(member)) === true;
      const danger = this.#observed.dangers.get(key);
      if (guard !== undefined && live.metadata.annotations?.[PRUNE_ANNOTATION] !== CONFIRMED) say(member, key, "refuse", guard);
      else if (danger !== undefined && !confirmed)
        say(
          member,
          key,
          "refuse",
          `${danger}. Confirm with pillar addons:${addon}:prune:confirm: ["${describeRef(member)}"], or annotate it ${PRUNE_ANNOTATION}: ${CONFIRMED}`,
        );
      else if (blocked !== undefined) say(member, key, "wait", `its manifest is gone; it is pruned once ${blocked}`);
      else if (rolling !== undefined && goesAfterRollout(live))
        say(member, key, "wait", `older pods may still need it; it is pruned once ${rolling}`);
      else {
        operations.push({
          ...this.#memberBase(addon, member, key, "its manifest is gone"),
          op: "prune",
          uid: live.metadata.uid ?? "",
          resourceVersion: live.metadata.resourceVersion ?? "",
          rank: pruneRank(member, isCustomKind(member, this.#observed.discovery)),
        });
      }
    }
    return operations;
  }

  #memberBase(addon: string, member: Member, key: ObjectKey, reason: string): OperationBase {
    const version = this.#observed.discovery.anyVersion(member)?.version ?? "";
    const { group, kind, namespace, name } = member;
    return { addon, key, ref: { group, version, kind, namespace, name }, mode: member.mode, reason, phase: phaseOf(member) };
  }

  /** Why so many objects may not go at once; undefined where they may. */
  #guard(
    addon: string,
    known: InventoryAddon | undefined,
    release: Extract<DesiredAddon, { state: "complete" }> | undefined,
    count: number,
  ): string | undefined {
    if (count === 0) return undefined;
    const settings = release?.prune;
    if (settings?.empty === true) return undefined;
    const members = [...(known?.members.values() ?? [])].filter(({ mode }) => mode === "Reconcile").length;
    const left = release?.objects.some(({ mode }) => mode === "Reconcile") === true;
    if (!left) {
      return `the release has no object of addon ${addon} any more. If that is meant, say so in pillar: addons:${addon}:prune:empty: true`;
    }
    const percent = settings?.percent ?? 0;
    if (count * 100 <= percent * members) return undefined;
    return `${count} of the addon's ${members} objects would go, more than ${percent} %. If that is meant, say so in pillar: addons:${addon}:prune:percent: ${Math.ceil((count * 100) / members)}`;
  }
}

/** What of an addon keeps its prune waiting: a release is only carried out as a whole. */
function blockedBy(operations: readonly Operation[]): string | undefined {
  const refused = operations.find(({ op }) => op === "refuse");
  if (refused !== undefined) return `${describeRef(refused.ref)} is no longer refused`;
  const unread = operations.find(({ op, reason }) => op === "wait" && /could not be read|does not answer|was not compared/.test(reason));
  return unread === undefined ? undefined : `${describeRef(unread.ref)} can be read`;
}

/** Why a release must not be applied over what is there. */
function goesBack(standing: Standing | undefined): string | undefined {
  if (standing === "older") return "a newer release was applied already: this one would go back";
  if (standing === "unrelated") return "what was applied is not in the history of this release";
  return undefined;
}

function adoptWords({ handover, conflicts, changes, kept }: Extract<Comparison, { kind: "differs" }>, ensured: boolean): string {
  const how = ensured
    ? "its mode is Reconcile now: it is overwritten in place"
    : handover === null
      ? "it exists and is not Halite's yet: it is taken over in place"
      : "it is taken over from client-side apply in place, nothing of it is dropped";
  const details = [
    ...(changes.length > 0 ? [`${changes.length} field${changes.length === 1 ? "" : "s"} change`] : []),
    ...(conflicts.length > 0 ? [conflictWords(conflicts)] : []),
    ...(kept.length > 0
      ? [
          `${kept.slice(0, 3).join(", ")} stay${kept.length === 1 ? "s" : ""} although the manifest does not have ${kept.length === 1 ? "it" : "them"}`,
        ]
      : []),
  ];
  return [how, ...details].join("; ");
}

function updateWords({ conflicts, changes, replicas }: Extract<Comparison, { kind: "differs" }>): string {
  const first = changes[0]?.path ?? "what Halite holds of it";
  const more = changes.length > 1 ? ` and ${changes.length - 1} more` : "";
  const words = [`other than the manifest: ${first}${more}`];
  if (conflicts.length > 0) words.push(conflictWords(conflicts));
  if (replicas !== null) words.push(`the manifest no longer names replicas: ${replicas} stay${replicas === 1 ? "s" : ""}`);
  return words.join("; ");
}

function conflictWords(conflicts: readonly Conflict[]): string {
  const managers = [...new Set(conflicts.map(({ manager }) => manager))];
  const fields = [...new Set(conflicts.map(({ field }) => field))];
  return `${managers.join(", ")} had set ${fields.slice(0, 3).join(", ")}${fields.length > 3 ? ` and ${fields.length - 3} more` : ""}; the manifest owns ${fields.length === 1 ? "it" : "them"}`;
}

function withoutLabels(object: KubernetesObject): KubernetesObject {
  const { labels: _labels, ...metadata } = object.metadata;
  return { ...object, metadata: { ...metadata, name: object.metadata.name } };
}

function definedKind(object: KubernetesObject): string | undefined {
  if (object.kind !== "CustomResourceDefinition") return undefined;
  const group = textAt(object, "spec", "group");
  const kind = textAt(object, "spec", "names", "kind");
  return group === undefined || kind === undefined ? undefined : groupKind({ group, kind });
}

/** Applies in order of their phases, then prunes in theirs. */
function sorted(operations: readonly Operation[]): Operation[] {
  const rank = (operation: Operation): number =>
    operation.op === "prune" ? PHASES.length + operation.rank : PHASES.indexOf(operation.phase);
  return [...operations].sort((a, b) => rank(a) - rank(b) || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

/** Whether carrying the plan out would change anything but statuses. */
export function changesAnything(plan: Plan): boolean {
  return plan.addons.some((addon) => addon.operations.some(({ op }) => ["create", "update", "adopt", "replace", "prune"].includes(op)));
}
