import { At } from "../../schema/index.ts";
import type { JudgedIn, JudgedObject, Objection, Policy } from "../types.ts";
import { podOf } from "./pods.ts";

/** What became of a part of the API, in Kubernetes versions. */
interface Fate {
  readonly deprecated: string;
  /** Since then it does nothing, or is not there. */
  readonly removed?: string;
  readonly instead: string;
}

/** Annotations: pkg/api/pod/warnings.go, pkg/api/storage/util.go and the release notes. A name that ends in `/` stands for all that begin so. */
const ANNOTATIONS: Readonly<Record<string, Fate>> = {
  "scheduler.alpha.kubernetes.io/critical-pod": { deprecated: "1.13", removed: "1.16", instead: "priorityClassName" },
  "seccomp.security.alpha.kubernetes.io/pod": { deprecated: "1.19", removed: "1.27", instead: "securityContext.seccompProfile" },
  "container.seccomp.security.alpha.kubernetes.io/": { deprecated: "1.19", removed: "1.27", instead: "securityContext.seccompProfile" },
  "container.apparmor.security.beta.kubernetes.io/": { deprecated: "1.30", instead: "securityContext.appArmorProfile" },
  "volume.beta.kubernetes.io/storage-class": { deprecated: "1.8", instead: "spec.storageClassName" },
  "volume.beta.kubernetes.io/storage-provisioner": { deprecated: "1.23", instead: "volume.kubernetes.io/storage-provisioner" },
  "volume.beta.kubernetes.io/mount-options": { deprecated: "1.31", instead: "spec.mountOptions" },
  "storageclass.beta.kubernetes.io/is-default-class": { deprecated: "1.6", instead: "storageclass.kubernetes.io/is-default-class" },
};

/** Labels of nodes: the well-known labels' own page. */
const NODE_LABELS: Readonly<Record<string, Fate>> = {
  "beta.kubernetes.io/os": { deprecated: "1.14", instead: "kubernetes.io/os" },
  "beta.kubernetes.io/arch": { deprecated: "1.14", instead: "kubernetes.io/arch" },
  "beta.kubernetes.io/instance-type": { deprecated: "1.17", instead: "node.kubernetes.io/instance-type" },
  "failure-domain.beta.kubernetes.io/zone": { deprecated: "1.17", instead: "topology.kubernetes.io/zone" },
  "failure-domain.beta.kubernetes.io/region": { deprecated: "1.17", instead: "topology.kubernetes.io/region" },
};

/** Volume sources by field; those that are also provisioners of classes are `kubernetes.io/PROVISIONER`. */
const VOLUMES: Readonly<Record<string, Fate & { readonly provisioner?: string }>> = {
  rbd: { deprecated: "1.28", removed: "1.31", instead: "the CSI driver rbd.csi.ceph.com", provisioner: "rbd" },
  cephfs: { deprecated: "1.28", removed: "1.31", instead: "the CSI driver cephfs.csi.ceph.com" },
  glusterfs: { deprecated: "1.25", removed: "1.26", instead: "a CSI driver", provisioner: "glusterfs" },
  gitRepo: { deprecated: "1.11", removed: "1.33", instead: "an init container that clones into an emptyDir" },
  flexVolume: { deprecated: "1.23", instead: "a CSI driver" },
  cinder: { deprecated: "1.11", instead: "the CSI driver cinder.csi.openstack.org", provisioner: "cinder" },
  awsElasticBlockStore: { deprecated: "1.17", instead: "the CSI driver ebs.csi.aws.com", provisioner: "aws-ebs" },
  gcePersistentDisk: { deprecated: "1.17", instead: "the CSI driver pd.csi.storage.gke.io", provisioner: "gce-pd" },
  azureDisk: { deprecated: "1.19", instead: "the CSI driver disk.csi.azure.com", provisioner: "azure-disk" },
  azureFile: { deprecated: "1.21", instead: "the CSI driver file.csi.azure.com", provisioner: "azure-file" },
  vsphereVolume: { deprecated: "1.19", instead: "the CSI driver csi.vsphere.vmware.com", provisioner: "vsphere-volume" },
  portworxVolume: { deprecated: "1.25", instead: "the CSI driver pxd.portworx.com", provisioner: "portworx-volume" },
  scaleIO: { deprecated: "1.16", removed: "1.22", instead: "a CSI driver", provisioner: "scaleio" },
  storageos: { deprecated: "1.22", removed: "1.25", instead: "a CSI driver", provisioner: "storageos" },
  quobyte: { deprecated: "1.22", removed: "1.25", instead: "a CSI driver", provisioner: "quobyte" },
  flocker: { deprecated: "1.22", removed: "1.25", instead: "a CSI driver" },
};

/** Kinds that are deprecated in a version that is not (their own history in the schemas has versions that are). */
const KINDS: Readonly<Record<string, Fate>> = {
  "v1 Endpoints": { deprecated: "1.33", instead: "discovery.k8s.io/v1 EndpointSlice" },
  "v1 ComponentStatus": { deprecated: "1.19", instead: "the /livez and /readyz of each component" },
};

/** The policy on what Kubernetes takes away. */
export const DEPRECATED_API: Policy = {
  code: "policy-deprecated-api",
  title: "Deprecated API",
  severity: "warning",
  reason: "It stops working with an upgrade of the cluster, and some of it stops silently: an annotation that nobody reads any more.",
  advice: "move to what takes its place before the clusters are upgraded",
  looksAt:
    "By the Kubernetes version of the cluster: API versions that are deprecated in it, with when they go (one that is gone is an error of the schema); custom resources that their definition calls deprecated; deprecated kinds (Endpoints), annotations (seccomp, AppArmor, critical-pod, storage-class), node labels in nodeSelectors, affinities and allowedTopologies (`beta.kubernetes.io/*`, `failure-domain.beta.kubernetes.io/*`), volume sources and in-tree provisioners (rbd, cephfs, cinder, flexVolume …), and the field `serviceAccount`.",
  variesByCluster: true,
  *check(object, within) {
    const kind = `${object.apiVersion} ${object.kind}`;
    yield* told(KINDS, kind, kind, ["kind"], within);
    yield* annotations(new At(object.json).at("metadata", "annotations"), within);
    const pod = podOf(object);
    if (pod !== undefined) {
      const template = pod.spec.path.slice(0, -1).map(String);
      if (template.length > 0) yield* annotations(new At(object.json).at(...template, "metadata", "annotations"), within);
      yield* nodeLabels(pod.spec, within);
      for (const volume of pod.spec.at("volumes").items) yield* volumes(volume, within);
      const alias = pod.spec.at("serviceAccount");
      if (alias.present && !pod.spec.at("serviceAccountName").present) {
        yield {
          message: "the field serviceAccount is deprecated since Kubernetes 1.0",
          pointer: alias.path,
          subject: "serviceAccount",
          advice: "write serviceAccountName",
        };
      }
    }
    yield* storage(object, within);
  },
};

function* storage(object: JudgedObject, within: JudgedIn): Iterable<Objection> {
  const root = new At(object.json);
  if (object.kind === "PersistentVolume") yield* volumes(root.at("spec"), within);
  if (object.kind !== "StorageClass") return;
  const place = root.at("provisioner");
  for (const fate of Object.values(VOLUMES)) {
    if (fate.provisioner === undefined || place.text !== `kubernetes.io/${fate.provisioner}`) continue;
    yield* sentence(`the provisioner ${place.text}`, fate, place.path, place.text, within);
  }
  for (const topology of root.at("allowedTopologies").items) {
    for (const expression of topology.at("matchLabelExpressions").items) {
      const key = expression.at("key");
      yield* told(NODE_LABELS, key.text ?? "", `the node label ${key.text ?? ""}`, key.path, within);
    }
  }
}

function* annotations(at: At, within: JudgedIn): Iterable<Objection> {
  for (const [name, { path }] of at.entries) {
    const known = Object.hasOwn(ANNOTATIONS, name) ? name : `${name.slice(0, name.indexOf("/"))}/`;
    yield* told(ANNOTATIONS, known, `the annotation ${name}`, path, within, name);
  }
}

function* nodeLabels(spec: At, within: JudgedIn): Iterable<Objection> {
  for (const [name, { path }] of spec.at("nodeSelector").entries) {
    yield* told(NODE_LABELS, name, `the node label ${name}`, path, within);
  }
  const affinity = spec.at("affinity", "nodeAffinity");
  const terms = [
    ...affinity.at("requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms").items,
    ...affinity.at("preferredDuringSchedulingIgnoredDuringExecution").items.map((item) => item.at("preference")),
  ];
  for (const expression of terms.flatMap((term) => term.at("matchExpressions").items)) {
    const key = expression.at("key");
    yield* told(NODE_LABELS, key.text ?? "", `the node label ${key.text ?? ""}`, key.path, within);
  }
  for (const spread of spec.at("topologySpreadConstraints").items) {
    const key = spread.at("topologyKey");
    yield* told(NODE_LABELS, key.text ?? "", `the node label ${key.text ?? ""}`, key.path, within);
  }
}

function* volumes(source: At, within: JudgedIn): Iterable<Objection> {
  for (const [field, { path }] of source.entries) yield* told(VOLUMES, field, `the volume source ${field}`, path, within);
}

function* told(
  table: Readonly<Record<string, Fate>>,
  key: string,
  what: string,
  pointer: Objection["pointer"],
  within: JudgedIn,
  subject = key,
): Iterable<Objection> {
  const fate = Object.hasOwn(table, key) ? table[key] : undefined;
  if (fate !== undefined) yield* sentence(what, fate, pointer, subject, within);
}

function* sentence(
  what: string,
  { deprecated, removed, instead }: Fate,
  pointer: Objection["pointer"],
  subject: string,
  { kubernetes }: JudgedIn,
): Iterable<Objection> {
  const now = minor(kubernetes);
  if (minor(deprecated) > now) return;
  const gone = removed === undefined ? "" : minor(removed) <= now ? `, and without effect since ${removed}` : ` and goes in ${removed}`;
  yield { message: `${what} is deprecated since Kubernetes ${deprecated}${gone}`, pointer, subject, advice: `use ${instead}` };
}

function minor(version: string): number {
  return Number(version.slice(version.indexOf(".") + 1));
}
