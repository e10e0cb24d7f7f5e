import type { Client } from "../../control-plane/index.ts";

/** A local volume on a disk of a node, as the local volume provisioner makes it. */
export interface LocalVolume {
  readonly name: string;
  readonly node: string;
  readonly disk: string;
  readonly size?: string;
  readonly storageClass?: string;
  readonly media?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly claimRef?: Readonly<Record<string, string>>;
}

export const CLASS = "local";

export function storageClass(name = CLASS, provisioner = "kubernetes.io/no-provisioner", more: object = {}): object {
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name },
    provisioner,
    volumeBindingMode: "WaitForFirstConsumer",
    reclaimPolicy: "Retain",
    ...more,
  };
}

export function volume({
  name,
  node,
  disk,
  size = "10Gi",
  storageClass: of = CLASS,
  media = "ssd",
  annotations = {},
  claimRef,
}: LocalVolume): object {
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: {
      name,
      annotations,
      labels: { "storage.halite.dev/node": node, "storage.halite.dev/disk": disk, "storage.halite.dev/media": media },
    },
    spec: {
      capacity: { storage: size },
      accessModes: ["ReadWriteOnce"],
      persistentVolumeReclaimPolicy: "Retain",
      storageClassName: of,
      volumeMode: "Filesystem",
      local: { path: `/mnt/${name}` },
      nodeAffinity: {
        required: { nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [node] }] }] },
      },
      ...(claimRef === undefined ? {} : { claimRef }),
    },
  };
}

export interface ClaimSpec {
  readonly name: string;
  readonly namespace?: string;
  readonly size?: string;
  readonly storageClass?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export function claim({
  name,
  namespace = "default",
  size = "5Gi",
  storageClass: of = CLASS,
  labels = {},
  annotations = {},
}: ClaimSpec): object {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name, namespace, labels, annotations },
    spec: { accessModes: ["ReadWriteOnce"], storageClassName: of, resources: { requests: { storage: size } } },
  };
}

export function pod(name: string, claims: readonly string[], more: object = {}, namespace = "default"): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace },
    spec: {
      schedulerName: "halite-storage",
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "c", image: "none", resources: { requests: { cpu: "100m" } } }],
      volumes: claims.map((each, index) => ({ name: `v${index}`, persistentVolumeClaim: { claimName: each } })),
      ...more,
    },
  };
}

/** Creates objects, several at a time. @throws for what the server refuses */
export async function create(api: Client, objects: readonly object[]): Promise<void> {
  const left = [...objects];
  const work = async (): Promise<void> => {
    for (let object = left.shift(); object !== undefined; object = left.shift()) {
      const answer = await api.call("POST", pathOf(object as Shape), object);
      if (answer.status >= 300) throw new Error(JSON.stringify(answer.body));
    }
  };
  await Promise.all([work(), work(), work(), work()]);
}

interface Shape {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

function pathOf({ apiVersion, kind, metadata: { namespace } }: Shape): string {
  const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const plural = `${kind.toLowerCase()}${kind.endsWith("s") ? "es" : "s"}`;
  return `${group}${namespace === undefined ? "" : `/namespaces/${namespace}`}/${plural}`;
}

// oxlint-disable-next-line typescript/no-explicit-any -- what a server answers, read field by field by expectations
export async function get(api: Client, path: string): Promise<any> {
  return (await api.call("GET", path)).body;
}

// oxlint-disable-next-line typescript/no-explicit-any -- as above
export async function list(api: Client, path: string): Promise<any[]> {
  return (await get(api, path)).items;
}
