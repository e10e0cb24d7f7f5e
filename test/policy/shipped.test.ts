import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { shippedPolicies } from "../../src/policy/index.ts";
import { parseAllDocuments } from "yaml";
import { compile, said, type Given } from "./judge.ts";

interface Case {
  readonly text: string | Readonly<Record<string, string>>;
  readonly given?: Given;
}

/** A workload in the namespace kube-system; `pod` and `container` are YAML in flow style. */
function workload(kind: string, { pod = "", container = "", more = "", annotations = "" } = {}): string {
  const good = "resources: {requests: {cpu: 10m, memory: 32Mi}}";
  return `apiVersion: apps/v1
kind: ${kind}
metadata:
  name: node
  namespace: kube-system
${annotations}spec:
  selector: {matchLabels: {a: b}}
${more}  template:
    metadata: {labels: {a: b}}
    spec:
${pod}      containers:
        - name: driver
          image: example.net/driver:v1.2.3
${container === "" ? `          ${good}\n` : container.includes("resources") ? container : `${container}          ${good}\n`}`;
}

const HOST = (path: string, mount = "mountPath: /x"): { pod: string; container: string } => ({
  pod: `      volumes: [{name: v, hostPath: {path: ${path}}}]\n`,
  container: `          volumeMounts: [{name: v, ${mount}}]\n`,
});
const PLUGIN = HOST("/var/lib/kubelet/plugins");
const ROLE = (rules: string): string =>
  `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\nrules: [${rules}]\n`;
const WEBHOOK = (more: string): string => `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: w}
webhooks:
  - name: pods.example.net
    clientConfig: {url: "https://example.net/"}
    admissionReviewVersions: [v1]
    sideEffects: None
    rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
${more}`;
const CLASS = (name: string, more = ""): string =>
  `apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: ${name}${more}}\nprovisioner: example.net\n`;
const DEFAULT = ', annotations: {storageclass.kubernetes.io/is-default-class: "true"}';
const SECRET = (values: string): string => `apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: default}\n${values}\n`;

/** By policy: what it refuses, and what looks like it and is fine. */
const CASES: Readonly<Record<string, { readonly bad: Readonly<Record<string, Case>>; readonly good: Readonly<Record<string, Case>> }>> = {
  "policy-privileged": {
    bad: {
      "a container": { text: workload("Deployment", { container: "          securityContext: {privileged: true}\n" }) },
      "all capabilities": { text: workload("Deployment", { container: "          securityContext: {capabilities: {add: [ALL]}}\n" }) },
      "a sidecar beside the driver that needs it": {
        text: workload("DaemonSet", {
          pod: `${PLUGIN.pod}      priorityClassName: system-node-critical\n      tolerations: [{operator: Exists}]\n`,
          container: `          volumeMounts: [{name: v, mountPath: /x, mountPropagation: Bidirectional}]\n          securityContext: {privileged: true}\n          resources: {requests: {cpu: 10m, memory: 32Mi}}\n        - name: registrar\n          image: example.net/registrar:v1\n          resources: {requests: {cpu: 10m, memory: 32Mi}}\n          securityContext: {privileged: true}\n`,
        }),
      },
      "an init container": {
        text: workload("Deployment", {
          pod: "      initContainers: [{name: init, image: 'a:v1', resources: {limits: {cpu: 1, memory: 1Gi}}, securityContext: {privileged: true}}]\n",
        }),
      },
    },
    good: {
      "devices of the host": {
        text: workload("Deployment", {
          pod: HOST("/dev").pod,
          container: `${HOST("/dev").container}          securityContext: {privileged: true}\n`,
        }),
      },
      "in the settings": {
        text: workload("Deployment", { container: "          securityContext: {privileged: true}\n" }),
        given: { settings: "privileged: ['kube-system/*/driver']" },
      },
      "not privileged": { text: workload("Deployment", { container: "          securityContext: {privileged: false}\n" }) },
    },
  },
  "policy-host-path": {
    bad: {
      "a folder": { text: workload("Deployment", HOST("/etc/cni")) },
      "the whole host": { text: workload("Deployment", HOST("/")) },
      "beside an allowed one": { text: workload("Deployment", HOST("/var/lib/kubelet/plugins-of-mine")) },
      "by a subPath": { text: workload("Deployment", HOST("/mnt", "mountPath: /x, subPath: disks")) },
    },
    good: {
      "read only": { text: workload("Deployment", HOST("/etc/cni", "mountPath: /x, readOnly: true")) },
      "below an allowed one": { text: workload("Deployment", HOST("/dev/disk/by-id/")) },
      "in the settings": { text: workload("Deployment", HOST("/mnt/disks/ssd")), given: { settings: "hostPaths: [/mnt/disks]" } },
      "in the addon's settings": {
        text: workload("Deployment", HOST("/mnt/disks/ssd")),
        given: { pillar: "addons: {a: {policies: {hostPaths: [/mnt]}}}" },
      },
      "mounted by nobody": { text: workload("Deployment", { pod: HOST("/etc").pod }) },
    },
  },
  "policy-requests": {
    bad: {
      "none at all": { text: workload("Deployment", { container: "          resources: {}\n" }) },
      "no memory": { text: workload("Deployment", { container: "          resources: {requests: {cpu: 1}}\n" }) },
      "of a CronJob": {
        text: "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: j, namespace: default}\nspec:\n  schedule: '@daily'\n  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: 'a:v1'}]}}}}\n",
      },
    },
    good: {
      "limits stand in": { text: workload("Deployment", { container: "          resources: {limits: {cpu: 1, memory: 1Gi}}\n" }) },
      "the pod's own": {
        text: workload("Deployment", {
          pod: "      resources: {requests: {cpu: 1, memory: 1Gi}}\n",
          container: "          resources: {}\n",
        }),
      },
    },
  },
  "policy-image-tag": {
    bad: {
      latest: { text: workload("Deployment").replace("driver:v1.2.3", "driver:latest") },
      "no tag, behind a port": { text: workload("Deployment").replace("example.net/driver:v1.2.3", "example.net:5000/driver") },
      "a branch": { text: workload("Deployment").replace("driver:v1.2.3", "driver:main") },
      "no digest where one is asked for": { text: workload("Deployment"), given: { settings: "images: digest" } },
      "an image volume": { text: workload("Deployment", { pod: "      volumes: [{name: v, image: {reference: example.net/data}}]\n" }) },
    },
    good: {
      "a version": { text: workload("Deployment") },
      "a digest without a tag": {
        text: workload("Deployment").replace("driver:v1.2.3", `driver@sha256:${"0".repeat(64)}`),
        given: { settings: "images: digest" },
      },
    },
  },
  "policy-priority-class": {
    bad: { "a node plugin": { text: workload("DaemonSet", { ...PLUGIN, pod: `${PLUGIN.pod}      tolerations: [{operator: Exists}]\n` }) } },
    good: { "a DaemonSet that is none": { text: workload("DaemonSet") }, "a Deployment": { text: workload("Deployment", PLUGIN) } },
  },
  "policy-toleration": {
    bad: {
      none: { text: workload("DaemonSet", { ...PLUGIN, pod: `${PLUGIN.pod}      priorityClassName: p\n` }) },
      "of one effect": {
        text: workload("DaemonSet", {
          ...PLUGIN,
          pod: `${PLUGIN.pod}      priorityClassName: p\n      tolerations: [{operator: Exists, effect: NoSchedule}, {key: a, operator: Exists}]\n`,
        }),
      },
    },
    good: {
      "of both effects": {
        text: workload("DaemonSet", {
          ...PLUGIN,
          pod: `${PLUGIN.pod}      priorityClassName: p\n      tolerations: [{operator: Exists, effect: NoSchedule}, {operator: Exists, effect: NoExecute}]\n`,
        }),
      },
    },
  },
  "policy-update-strategy": {
    bad: {
      OnDelete: { text: workload("DaemonSet", { more: "  updateStrategy: {type: OnDelete}\n" }) },
      "all at once": { text: workload("DaemonSet", { more: "  updateStrategy: {rollingUpdate: {maxUnavailable: 100%}}\n" }) },
      "more than the addon may": {
        text: workload("DaemonSet", { more: "  updateStrategy: {rollingUpdate: {maxUnavailable: 20%}}\n" }),
        given: { pillar: "addons: {a: {policies: {maxUnavailable: 10}}}" },
      },
    },
    good: { "a third": { text: workload("DaemonSet", { more: "  updateStrategy: {rollingUpdate: {maxUnavailable: 33%}}\n" }) } },
  },
  "policy-precious-delete": {
    bad: {
      "marked by a label, and Delete by default": { text: CLASS("db", ', labels: {halite.dev/precious: "true"}') },
      "by its name": { text: `${CLASS("db-ssd")}reclaimPolicy: Delete\n`, given: { settings: "precious: ['db-*']" } },
      "a volume": {
        text: {
          "a/volume.yaml":
            'apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: v, annotations: {halite.dev/precious: "true"}}\nspec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], persistentVolumeReclaimPolicy: Delete, csi: {driver: d, volumeHandle: h}}\n',
        },
      },
    },
    good: {
      Retain: { text: `${CLASS("db", ', labels: {halite.dev/precious: "true"}')}reclaimPolicy: Retain\n` },
      "taken out of the settings": {
        text: CLASS("db-scratch", ', labels: {halite.dev/precious: "false"}'),
        given: { settings: "precious: ['db-*']" },
      },
      "not marked": { text: CLASS("scratch") },
    },
  },
  "policy-default-classes": {
    bad: { "in two addons": { text: { "a/a.yaml": CLASS("one", DEFAULT), "b/b.yaml": CLASS("two", DEFAULT) } } },
    good: {
      "one of two": { text: { "a/a.yaml": CLASS("one", DEFAULT), "b/b.yaml": CLASS("two") } },
      "off for the fleet": {
        text: { "a/a.yaml": CLASS("one", DEFAULT), "b/b.yaml": CLASS("two", DEFAULT) },
        given: { settings: "disable: [policy-default-classes]" },
      },
    },
  },
  "policy-webhook-failure": {
    bad: { "neither is said": { text: WEBHOOK("    namespaceSelector: {matchLabels: {a: b}}\n") } },
    good: { "both are": { text: WEBHOOK("    failurePolicy: Ignore\n    timeoutSeconds: 3\n") } },
  },
  "policy-webhook-kube-system": {
    bad: {
      "no selector": { text: WEBHOOK("    failurePolicy: Fail\n    timeoutSeconds: 3\n") },
      "a selector that takes it": {
        text: WEBHOOK(
          "    failurePolicy: Fail\n    timeoutSeconds: 3\n    namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [default]}]}\n",
        ),
      },
    },
    good: {
      "kube-system is excluded": {
        text: WEBHOOK(
          "    failurePolicy: Fail\n    timeoutSeconds: 3\n    namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}]}\n",
        ),
      },
    },
  },
  "policy-rbac-wildcard": {
    bad: {
      verbs: { text: ROLE('{apiGroups: [""], resources: [pods], verbs: ["*"]}') },
      "groups and resources": { text: ROLE('{apiGroups: ["*"], resources: ["*/scale"], verbs: [get]}') },
      "cluster-admin": {
        text: "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}\nsubjects: []\n",
      },
    },
    good: {
      "all spelt out": { text: ROLE('{apiGroups: [""], resources: [pods], verbs: [get]}') },
      "in the settings": {
        text: ROLE('{apiGroups: [""], resources: [pods], verbs: ["*"]}'),
        given: { settings: "wildcards: [ClusterRole/r]" },
      },
    },
  },
  "policy-deprecated-api": {
    bad: {
      "a kind that goes": {
        text: "apiVersion: flowcontrol.apiserver.k8s.io/v1beta3\nkind: FlowSchema\nmetadata: {name: f}\nspec: {priorityLevelConfiguration: {name: exempt}}\n",
        given: { kubernetes: "1.30" },
      },
      "annotations, labels and volumes": {
        text: workload("Deployment", {
          annotations: "  annotations: {seccomp.security.alpha.kubernetes.io/pod: runtime/default}\n",
          pod: "      nodeSelector: {beta.kubernetes.io/os: linux}\n      serviceAccount: s\n      volumes: [{name: v, flexVolume: {driver: a/b}}]\n",
        }),
      },
      "an in-tree provisioner": {
        text: CLASS("rbd").replace("example.net", "kubernetes.io/rbd"),
        given: { kubernetes: "1.30" },
      },
    },
    good: {
      "not yet": { text: "apiVersion: v1\nkind: Endpoints\nmetadata: {name: e, namespace: default}\n", given: { kubernetes: "1.32" } },
    },
  },
  "policy-secret-plain": {
    bad: {
      values: { text: SECRET("stringData: {user: canary-one}\ndata: {key: Y2FuYXJ5LXR3bw==}") },
      "an environment variable": {
        text: workload("Deployment", {
          container: "          env: [{name: CEPH_USERKEY, value: canary-three}, {name: TOKEN_FILE, value: /x}]\n",
        }),
      },
      "a private key in a ConfigMap": {
        text: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: default}\ndata: {tls: "-----BEGIN RSA PRIVATE KEY-----\\ncanary"}\n',
      },
    },
    good: {
      references: {
        text: SECRET(
          "stringData: {user: '?{sops:a.sops.yaml#user}', conf: 'key = ?{sops:a.sops.yaml#key}'}\ndata: {key: '?{gpg:x}', empty: ''}",
        ),
      },
      "in the settings": { text: SECRET("stringData: {ca.crt: x}"), given: { settings: "publicSecrets: ['default/s/ca.crt']" } },
    },
  },
};

describe.each(shippedPolicies())("$code", ({ code }) => {
  const cases = CASES[code];

  test("has cases of both kinds", () => {
    expect(Object.keys(cases?.bad ?? {}).length).toBeGreaterThan(0);
    expect(Object.keys(cases?.good ?? {}).length).toBeGreaterThan(0);
  });

  test.each(Object.entries(cases?.good ?? {}))("takes: %s", (_name, { text, given }) => {
    expect(said(text, given)).not.toContain(`[${code}]`);
  });

  test.each(Object.entries(cases?.bad ?? {}))("is accepted on the object, with a reason: %s", (_name, { text, given }) => {
    const found = compile(accepting(text, code), given).findings.filter((finding) => finding.code === code);
    expect(found.map(({ severity, accepted }) => [severity, accepted])).toEqual(found.map(() => ["note", "it is meant"]));
    expect(found.length).toBeGreaterThan(0);
  });

  test("says what it refuses, where, and what to do", async () => {
    const text = Object.entries(cases?.bad ?? {}).map(([name, { text: manifest, given }]) => {
      const found = said(manifest, given);
      expect(found, name).toContain(`[${code}]`);
      // Nothing else is wrong with the case.
      expect(
        found.split("\n").filter((line) => /\[(?!policy-)[a-z-]+\]$/.test(line)),
        name,
      ).toEqual([]);
      return `# ${name}\n${found}\n`;
    });
    const said_ = text.join("\n");
    expect(said_).not.toContain("canary");
    await expect(said_).toMatchFileSnapshot(`golden/${code}.txt`);
  });
});

/** The same manifests with an annotation that accepts what a policy finds. */
function accepting(text: Case["text"], code: string): Record<string, string> {
  const files = typeof text === "string" ? { "a/a.yaml": text } : text;
  return Object.fromEntries(
    Object.entries(files).map(([name, manifests]) => {
      const documents = parseAllDocuments(manifests).map((document) => {
        document.setIn(["metadata", "annotations", "halite.dev/accept"], `${code}: it is meant`);
        return String(document);
      });
      return [name, documents.join("---\n")];
    }),
  );
}

test("the page on policies has every code", () => {
  const page = readFileSync(new URL("../../docs/policies.md", import.meta.url), "utf8");
  for (const { code, title } of shippedPolicies()) expect(page).toContain(`### \`${code}\`: ${title}`);
});
