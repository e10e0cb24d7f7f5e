import { At } from "../../schema/index.ts";
import type { JudgedObject } from "../types.ts";

/** The pod that an object makes, with the way to its spec. */
export interface PodOf {
  readonly spec: At;
  readonly containers: readonly Container[];
  readonly memory: { mounts?: readonly HostMount[] };
}

export interface Container {
  readonly name: string;
  readonly at: At;
  readonly isInit: boolean;
}

const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  Pod: ["spec"],
  Deployment: ["spec", "template", "spec"],
  DaemonSet: ["spec", "template", "spec"],
  StatefulSet: ["spec", "template", "spec"],
  ReplicaSet: ["spec", "template", "spec"],
  ReplicationController: ["spec", "template", "spec"],
  Job: ["spec", "template", "spec"],
  CronJob: ["spec", "jobTemplate", "spec", "template", "spec"],
};

/** The kinds that make pods. */
export const WORKLOADS: ReadonlySet<string> = new Set(Object.keys(TEMPLATES));

const GROUPS = /^(?:v1|apps\/v1|batch\/v1)$/;

/** The pod of an object, found out once for all policies that ask. */
export function podOf(object: JudgedObject): PodOf | undefined {
  object.memory.pod ??= { found: findPod(object) };
  return object.memory.pod.found;
}

function findPod(object: JudgedObject): PodOf | undefined {
  const path = Object.hasOwn(TEMPLATES, object.kind) && GROUPS.test(object.apiVersion) ? TEMPLATES[object.kind] : undefined;
  if (path === undefined) return undefined;
  const spec = new At(object.json).at(...path);
  const list = (field: string, isInit: boolean): readonly Container[] =>
    spec.at(field).items.map((at) => ({ name: at.at("name").text ?? "", at, isInit }));
  return { spec, containers: [...list("initContainers", true), ...list("containers", false)], memory: {} };
}

/** A folder of the host that a container mounts. */
export interface HostMount {
  readonly container: Container;
  readonly mount: At;
  /** On the host, with the part of the volume that is mounted. */
  readonly path: string;
  readonly writable: boolean;
  readonly propagates: boolean;
}

export function hostMounts(pod: PodOf): readonly HostMount[] {
  return (pod.memory.mounts ??= findMounts(pod));
}

function findMounts({ spec, containers }: PodOf): readonly HostMount[] {
  const hosts = new Map<string, string>();
  for (const volume of spec.at("volumes").items) {
    const path = volume.at("hostPath", "path").text;
    if (path !== undefined) hosts.set(volume.at("name").text ?? "", path);
  }
  return containers.flatMap((container) =>
    container.at.at("volumeMounts").items.flatMap((mount): readonly HostMount[] => {
      const host = hosts.get(mount.at("name").text ?? "");
      if (host === undefined) return [];
      const below = mount.at("subPath").text;
      return [
        {
          container,
          mount,
          path: below === undefined || below === "" ? host : `${host.replace(/\/$/, "")}/${below}`,
          writable: mount.at("readOnly").value !== true,
          propagates: mount.at("mountPropagation").text === "Bidirectional",
        },
      ];
    }),
  );
}

/**
 * Whether the pods are a storage plugin of the node: a DaemonSet that works in the kubelet's folder (CSI node plugins, device plugins) or hands
 * its mounts on to the host.
 */
export function isNodePlugin(object: JudgedObject, pod: PodOf): boolean {
  if (object.kind !== "DaemonSet") return false;
  return hostMounts(pod).some(({ path, propagates }) => propagates || path === "/var/lib/kubelet" || path.startsWith("/var/lib/kubelet/"));
}
