import { createHash } from "node:crypto";
import {
  ANNOTATION,
  BUNDLE_ANNOTATION,
  BUNDLE_DIGEST,
  BUNDLE_FOLDER,
  bundleConfigMap,
  bundleNames,
  configMapName,
  MOST_BYTES,
  mountBundles,
  type Bundle,
  type BundleSource,
  type Delivery,
  type MountOptions,
} from "../bundle/index.ts";
import { editDistance, type Finding, type Position } from "../finding/index.ts";
import { PyDict } from "../python/index.ts";
import { emit, loadKubernetes } from "../yaml/index.ts";
import type { Manifest, PublishedFile } from "./manifest.ts";
import { normaliseObject } from "./normalise.ts";
import { parseManifest } from "./parse.ts";
import type { AddonFile, AddonObject, Mode } from "./types.ts";

/** Where an addon's bundles come from, and how they are delivered in this cluster. */
export interface BundleSettings {
  readonly source: BundleSource;
  readonly delivery: Delivery;
}

/** The bundles that an addon's objects run, object by object of each file. */
export interface AddonBundles {
  readonly byFile: ReadonlyMap<Manifest, ReadonlyMap<number, readonly Bundle[]>>;
  readonly findings: readonly Finding[];
}

/** Most addons name none, and their files are not looked at more closely. */
export function findBundles(addon: string, manifests: readonly Manifest[], settings: BundleSettings): AddonBundles {
  const byFile = new Map<Manifest, ReadonlyMap<number, readonly Bundle[]>>();
  const findings: Finding[] = [];
  for (const manifest of manifests) {
    if (!Buffer.from(manifest.file.content).includes(BUNDLE_ANNOTATION)) continue;
    const found = new Map<number, readonly Bundle[]>();
    for (const [index, object] of parseManifest(manifest.file).objects.entries()) {
      const names = bundleNames(object.value);
      const bundles = names.flatMap((name) => settings.source.bundle(name) ?? []);
      if (names.length === 0) continue;
      const at = object.at(ANNOTATION);
      for (const name of names) findings.push(...problemsOf(name, settings, at));
      const problems = mountBundles(object.value, bundles, { addon, delivery: settings.delivery });
      for (const { pointer, ...problem } of problems) findings.push({ severity: "error", at: object.at(pointer), ...problem });
      if (bundles.length > 0) found.set(index, bundles);
    }
    if (found.size > 0) byFile.set(manifest, found);
  }
  if (byFile.size > 0 && settings.delivery === "configmap") findings.push(...takenFiles(addon, manifests, byFile));
  return { byFile, findings };
}

function problemsOf(name: string, { source, delivery }: BundleSettings, at: Position): Finding[] {
  const bundle = source.bundle(name);
  if (bundle === undefined) {
    const near = source.names.find((known) => editDistance(known, name) <= 2);
    const known = source.names.length === 0 ? "there are no bundles" : `there are ${source.names.join(", ")}`;
    const advice = near === undefined ? known : `did you mean ${near}?`;
    return [{ code: "bundle-unknown", severity: "error", message: `there is no bundle ${name}`, at, advice }];
  }
  const size = delivery === "image" ? 0 : bundle.packed.length;
  if (size <= MOST_BYTES) return [];
  return [
    {
      code: "bundle-too-large",
      severity: "error",
      message: `the bundle ${name} is ${Math.ceil(size / 1024)} KiB when it is packed; a ConfigMap takes ${MOST_BYTES / 1024} KiB of it`,
      at,
      advice: "deliver bundles in an image: pillar halite:controllers:delivery: image",
    },
  ];
}

function takenFiles(addon: string, manifests: readonly Manifest[], byFile: AddonBundles["byFile"]): Finding[] {
  const targets = new Set([...byFile.values()].flatMap((objects) => [...objects.values()].flat().map(({ name }) => fileOf(name))));
  return manifests
    .filter(({ target }) => targets.has(target))
    .map(({ file, target }) => ({
      code: "addon-file-clash",
      severity: "error",
      message: `${file.path} would be published as ${target}, where addon ${addon} has a bundle`,
      at: { file: file.path },
      advice: "rename it",
    }));
}

function fileOf(bundle: string): string {
  return `${BUNDLE_FOLDER}/${bundle}.yaml`;
}

/** Has the workloads of a published file run their bundles. */
export function withBundles(
  { text, objects }: PublishedFile,
  bundles: ReadonlyMap<number, readonly Bundle[]>,
  options: MountOptions,
): PublishedFile {
  const texts: string[] = [];
  const mounted = [...loadKubernetes(text, { file: "" })].map(({ value }, index): AddonObject => {
    const object = objects[index];
    if (object === undefined || !(value instanceof PyDict)) throw new Error(`object ${index} of a published file is not there`);
    const own = bundles.get(index);
    if (own !== undefined) mountBundles(value, own, options);
    const canonical = emit([value]);
    texts.push(canonical);
    return own === undefined ? object : { ...object, digest: digestOf(canonical) };
  });
  return { text: texts.join("---\n"), objects: mounted };
}

/** The ConfigMaps with an addon's bundles: a file a bundle, in it one for each namespace. */
export function bundleFiles(
  addon: string,
  users: readonly { readonly object: AddonObject; readonly bundles: readonly Bundle[] }[],
): readonly { readonly bundle: Bundle; readonly file: AddonFile; readonly objects: readonly AddonObject[] }[] {
  const bundles = new Map(users.flatMap((user) => user.bundles.map((bundle) => [bundle.name, bundle])));
  return [...bundles]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, bundle]) => {
      const own = users.filter((user) => user.bundles.includes(bundle)).map(({ object }) => object);
      const namespaces = [...new Set(own.map((object) => object.namespace ?? "default"))].sort();
      const path = fileOf(name);
      const made = namespaces.map((namespace) => {
        const here = own.filter((object) => (object.namespace ?? "default") === namespace);
        return configMapOf({ bundle, addon, namespace, path }, here);
      });
      return { bundle, file: { path, text: made.map(({ text }) => text).join("---\n") }, objects: made.map(({ object }) => object) };
    });
}

function configMapOf(
  {
    bundle,
    addon,
    namespace,
    path,
  }: { readonly bundle: Bundle; readonly addon: string; readonly namespace: string; readonly path: string },
  users: readonly AddonObject[],
): { readonly text: string; readonly object: AddonObject } {
  const [first] = users;
  if (first === undefined) throw new Error(`nobody uses the bundle ${bundle.name}`);
  // What is only created once is never updated either: only where all its users are so does the bundle belong with them.
  const mode: Mode = users.every((user) => user.mode === "EnsureExists") ? "EnsureExists" : "Reconcile";
  const text = emit([normaliseObject(bundleConfigMap({ bundle, addon, namespace }), mode)]);
  const { id, sls, modeIsDeclared } = users.find((user) => user.mode === mode) ?? first;
  const name = configMapName(bundle, addon);
  return {
    text,
    object: {
      apiVersion: "v1",
      kind: "ConfigMap",
      namespace,
      name,
      mode,
      modeIsDeclared,
      file: path,
      digest: digestOf(text),
      id,
      sls,
      source: null,
    },
  };
}

function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text, "utf8").digest("hex")}`;
}

/** Whether a published file, by its path within the cluster's folder and its text, is one with a bundle. Git ignores those in out/. */
export function isBundleFile(path: string, text: string): boolean {
  return path.split("/")[1] === BUNDLE_FOLDER && text.includes(`\n    ${BUNDLE_DIGEST}: `);
}
