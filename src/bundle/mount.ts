import { PyDict, str, type Value } from "../python/index.ts";
import { BUNDLE_ANNOTATION } from "./annotations.ts";
import { configMapName } from "./config-map.ts";
import type { Bundle } from "./source.ts";

/** How bundles get into pods: as ConfigMaps of the addon, or with one image that holds them all below /opt/halite. */
export type Delivery = "configmap" | "image";

export interface MountOptions {
  /** The addon that the workload belongs to. */
  readonly addon: string;
  readonly delivery: Delivery;
}

/** What is wrong with a workload that names bundles. */
export interface MountProblem {
  readonly code: string;
  readonly message: string;
  readonly pointer: readonly (string | number)[];
  readonly advice?: string;
}

/** The names of the bundles that an object asks for; none for most. */
export function bundleNames(object: PyDict): readonly string[] {
  const metadata = object.get("metadata");
  const annotations = metadata instanceof PyDict ? metadata.get("annotations") : undefined;
  const named = annotations instanceof PyDict ? annotations.get(BUNDLE_ANNOTATION) : undefined;
  if (typeof named !== "string") return [];
  return named
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/**
 * Has a workload's containers run their bundles; changes the object. A bundle's container is the one of its name, or, where the workload
 * names one bundle and has one container, that one. It gets the command and, with `configmap`, the mount; its image is the manifest's.
 *
 * @returns what is wrong; then the object is left half changed
 */
export function mountBundles(object: PyDict, bundles: readonly Bundle[], { addon, delivery }: MountOptions): readonly MountProblem[] {
  const found = podSpec(object);
  if (found === undefined) {
    const message = `${BUNDLE_ANNOTATION} stands on a ${str(object.get("kind") ?? null)}, which runs no pods`;
    return [{ code: "bundle-no-workload", message, pointer: ANNOTATION, advice: "name bundles on the workload that runs them" }];
  }
  return bundles.flatMap((bundle) => mountBundle(found, bundle, { addon, delivery, alone: bundles.length === 1 }));
}

/** Where a workload names its bundles. */
export const ANNOTATION = ["metadata", "annotations", BUNDLE_ANNOTATION] as const;

interface PodSpec {
  readonly spec: PyDict;
  readonly pointer: readonly (string | number)[];
}

function podSpec(object: PyDict): PodSpec | undefined {
  let spec: Value | undefined = object.get("spec");
  const pointer = ["spec"];
  while (spec instanceof PyDict && !Array.isArray(spec.get("containers"))) {
    const key = ["template", "jobTemplate"].find((name) => spec instanceof PyDict && spec.get(name) instanceof PyDict);
    const template: Value | undefined = key === undefined ? undefined : spec.get(key);
    if (key === undefined || !(template instanceof PyDict)) return undefined;
    spec = template.get("spec");
    pointer.push(key, "spec");
  }
  return spec instanceof PyDict ? { spec, pointer } : undefined;
}

interface Container {
  readonly container: PyDict;
  readonly pointer: readonly (string | number)[];
}

function mountBundle(
  pod: PodSpec,
  bundle: Bundle,
  { addon, delivery, alone }: MountOptions & { readonly alone: boolean },
): readonly MountProblem[] {
  const all = containers(pod);
  const own = all.find(({ container }) => container.get("name") === bundle.name);
  const only = alone && all.length === 1 ? all[0] : undefined;
  const chosen = own ?? only;
  if (chosen === undefined) {
    const names = all.map(({ container }) => str(container.get("name") ?? null)).join(", ");
    return [
      {
        code: "bundle-container",
        message: `no container is named ${bundle.name}, as the bundle is; there are ${names}`,
        pointer: ANNOTATION,
        advice: "of several containers the one that has the bundle's name runs it",
      },
    ];
  }
  const { container, pointer } = chosen;
  if ((container.get("command") ?? null) !== null) {
    return [
      {
        code: "bundle-command",
        message: `container ${str(container.get("name") ?? null)} has a command, and is to run the bundle ${bundle.name}`,
        pointer: [...pointer, "command"],
        advice: "leave `command` out: it is written with the bundle; `args` are the bundle's",
      },
    ];
  }
  if (delivery === "image") {
    setCommand(container, `/opt/halite/${bundle.name}.cjs`);
    return [];
  }
  const volume = `bundle-${bundle.name}`;
  const volumes = listIn(pod.spec, "volumes");
  if (volumes.some((each) => each instanceof PyDict && each.get("name") === volume)) {
    return [
      { code: "bundle-volume", message: `a volume is named ${volume}, as the bundle's will be`, pointer: [...pod.pointer, "volumes"] },
    ];
  }
  setCommand(container, `/halite/${bundle.name}/start.cjs`);
  volumes.push(PyDict.from({ name: volume, configMap: PyDict.from({ name: configMapName(bundle, addon), defaultMode: 0o444 }) }));
  listIn(container, "volumeMounts").push(PyDict.from({ name: volume, mountPath: `/halite/${bundle.name}`, readOnly: true }));
  return [];
}

function containers({ spec, pointer }: PodSpec): readonly Container[] {
  return ["initContainers", "containers"].flatMap((list) => {
    const items = spec.get(list);
    if (!Array.isArray(items)) return [];
    return items.flatMap((container, index) => (container instanceof PyDict ? [{ container, pointer: [...pointer, list, index] }] : []));
  });
}

function setCommand(container: PyDict, path: string): void {
  container.set("command", ["node", path]);
}

function listIn(mapping: PyDict, key: string): Value[] {
  const known = mapping.get(key);
  if (Array.isArray(known)) return known;
  const list: Value[] = [];
  mapping.set(key, list);
  return list;
}
