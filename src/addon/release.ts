import { PyDict } from "../python/index.ts";
import { emit } from "../yaml/index.ts";
import { compareText } from "./assign.ts";
import { rolloutValue } from "./rollout.ts";
import { sha256 } from "./digest.ts";
import { applySettingsValue } from "./apply-settings.ts";
import type { Addon, AddonObject, CompleteAddon, FailureReason, Release, SealedReference } from "./types.ts";

/** Writes releases out as text. What addons have in common that several clusters share is written once. */
export class ReleaseTexts {
  readonly #addons = new WeakMap<Addon, string>();
  /** Entries, cut where digests stand. */
  readonly #cut = new WeakMap<Addon, readonly string[]>();

  /** The files of one cluster's release, by path within the cluster's folder: `ADDON/FILE.yaml` and `release.yaml`. */
  files(release: Release): ReadonlyMap<string, string> {
    const files: [string, string][] = [];
    if (release.state === "compiled") {
      for (const addon of release.addons) {
        if (addon.state === "failed") continue;
        const paths = this.#pathsOf(addon.like ?? addon);
        for (const [index, { text }] of addon.files.entries()) files.push([paths[index] ?? "", text]);
      }
    }
    if (release.state === "compiled") for (const { source } of release.sealed) if (source !== null) files.push([source.path, source.text]);
    files.push(["release.yaml", this.#yaml(release)]);
    return new Map(this.#sorted(files));
  }

  /** By path. Most clusters have the paths of the one before them. */
  #sorted(files: readonly (readonly [path: string, text: string])[]): readonly (readonly [path: string, text: string])[] {
    const { paths } = this.#last;
    if (paths.length !== files.length || files.some(([path], index) => path !== paths[index])) {
      const names = files.map(([path]) => path);
      this.#last = { paths: names, order: [...names.keys()].sort((a, b) => compareText(names[a] ?? "", names[b] ?? "")) };
    }
    const sorted: (readonly [string, string])[] = [];
    for (const index of this.#last.order) {
      const file = files[index];
      if (file !== undefined) sorted.push(file);
    }
    return sorted;
  }
  #last: { readonly paths: readonly string[]; readonly order: readonly number[] } = { paths: [], order: [] };

  /** One text for a path of all clusters that are alike. */
  #pathsOf(addon: CompleteAddon): readonly string[] {
    let paths = this.#paths.get(addon);
    if (paths === undefined) this.#paths.set(addon, (paths = addon.files.map(({ path }) => `${addon.name}/${path}`)));
    return paths;
  }
  readonly #paths = new WeakMap<CompleteAddon, readonly string[]>();

  /** `release.yaml`: what belongs to the cluster. It holds only what follows from the output's bytes. */
  #yaml(release: Release): string {
    const root = PyDict.from({
      apiVersion: "halite.dev/v1alpha1",
      kind: "Release",
      cluster: release.cluster.id,
      az: release.cluster.az,
      kubernetes: release.cluster.kubernetes,
      state: stateOf(release),
    });
    if (release.state === "failed") root.set("why", release.why.map(reasonValue));
    else if (release.addons.length === 0) root.set("addons", new PyDict());
    const { rollout = null } = release;
    if (rollout !== null) root.set("rollout", rolloutValue(rollout));
    if (release.state === "compiled" && release.sealed.length > 0) root.set("sealed", release.sealed.map(sealedValue));
    const head = emit([root]);
    if (release.state === "failed" || release.addons.length === 0) return head;
    return `${head}${ADDONS}${release.addons.map((addon) => this.#addon(addon)).join("")}`;
  }

  /** An addon's entry, indented as it stands below `addons`. */
  #addon(addon: Addon): string {
    if (addon.state === "complete" && addon.like !== undefined) return this.#withDigests(addon, addon.like);
    let text = this.#addons.get(addon);
    if (text === undefined) {
      text = emit([PyDict.of([["addons", PyDict.of([[addon.name, addonValue(addon)]])]])]).slice(ADDONS.length);
      this.#addons.set(addon, text);
    }
    return text;
  }

  /** The entry of an addon that is like another but for digests. */
  #withDigests(addon: CompleteAddon, like: CompleteAddon): string {
    let pieces = this.#cut.get(like);
    if (pieces === undefined) {
      const text = this.#addon(like);
      const cut: string[] = [];
      let end = 0;
      for (const digest of digestsOf(like)) {
        const at = text.indexOf(`digest: ${digest}\n`, end) + "digest: ".length;
        cut.push(text.slice(end, at));
        end = at + digest.length;
      }
      pieces = [...cut, text.slice(end)];
      this.#cut.set(like, pieces);
    }
    let text = "";
    for (const [index, digest] of digestsOf(addon).entries()) text += `${pieces[index] ?? ""}${digest}`;
    return text + (pieces.at(-1) ?? "");
  }
}

const ADDONS = "addons:\n";

/** Digests in the order in which an addon's entry has them. */
function digestsOf(addon: CompleteAddon): readonly string[] {
  return [addonDigest(addon), ...addon.objects.map((object) => object.digest)];
}

function stateOf(release: Release): string {
  if (release.state === "failed") return "failed";
  return release.addons.some((addon) => addon.state === "failed") ? "partial" : "complete";
}

function addonValue(addon: Addon): PyDict {
  if (addon.state === "failed") {
    return PyDict.from({
      state: "failed",
      ...(addon.dependsOn.length === 0 ? {} : { dependsOn: [...addon.dependsOn] }),
      why: addon.why.map(reasonValue),
    });
  }
  return PyDict.from({
    state: "complete",
    mode: addon.mode,
    digest: addonDigest(addon),
    ...(addon.dependsOn.length === 0 ? {} : { dependsOn: [...addon.dependsOn] }),
    ...applySettingsValue(addon.apply),
    ...(addon.bundles.size === 0 ? {} : { bundles: PyDict.of([...addon.bundles]) }),
    objects: addon.objects.map(objectValue),
  });
}

/** Over the addon's files, in the order in which its objects name them: equal exactly when every byte of the addon is. */
function addonDigest(addon: CompleteAddon): string {
  let all = "";
  for (const { path, text } of addon.files) all += `${Buffer.byteLength(path)} ${path} ${Buffer.byteLength(text)}\n${text}`;
  return `sha256:${sha256(all, "hex")}`;
}

function objectValue(object: AddonObject): PyDict {
  return PyDict.from({
    apiVersion: object.apiVersion,
    kind: object.kind,
    ...(object.namespace === null ? {} : { namespace: object.namespace }),
    name: object.name,
    mode: object.mode,
    file: object.file,
    digest: object.digest,
    id: object.id,
    sls: object.sls,
    ...(object.source === null ? {} : { source: object.source }),
  });
}

function sealedValue({ name, digest, source }: SealedReference): PyDict {
  return PyDict.from({ reference: name, digest: `sha256:${digest}`, ...(source === null ? {} : { file: source.path }) });
}

function reasonValue(reason: FailureReason): PyDict {
  return PyDict.from({ code: reason.code, message: reason.message, ...(reason.file === undefined ? {} : { file: reason.file }) });
}
