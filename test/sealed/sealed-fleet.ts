import { createHash } from "node:crypto";

/** A sealed leaf as SOPS writes it; what is in it nobody can read. */
export function enc(text: string): string {
  const data = createHash("sha256").update(text).digest("base64");
  return `ENC[AES256_GCM,data:${data},iv:${data},tag:${data.slice(0, 22)}==,type:str]`;
}

/** The digest that stands in compiled output. */
export function digestOf(sealed: string): string {
  return createHash("sha256").update(sealed).digest("hex");
}

/** A SOPS file as text. Its MAC is no MAC: nobody here has a key to check it with. */
export function sopsYaml(data: string): string {
  return `${data}sops:\n    age:\n        - recipient: age1nobody\n          enc: |\n            -----BEGIN AGE ENCRYPTED FILE-----\n            -----END AGE ENCRYPTED FILE-----\n    lastmodified: "2026-01-02T03:04:05Z"\n    mac: ${enc("mac")}\n    version: 3.13.3\n`;
}

export const PGP = "-----BEGIN PGP MESSAGE-----\n\nhQEMA0v7\nabc=\n=x1y2\n-----END PGP MESSAGE-----";

const indented = (text: string, by: number): string => text.replaceAll("\n", `\n${" ".repeat(by)}`);

/** Only what is said of sealed values matters here. */
export const CONFIG = 'kubernetes: "1.36"\npolicies: {disable: [policy-secret-plain, policy-requests]}\n';

/** Two clusters: c1 has the Ceph secrets and the PGP one, c2 neither. */
export function sealedFleet(): Map<string, string> {
  return new Map([
    ["halite.yaml", CONFIG],
    ["roster.yaml", "c1: {minion_opts: {grains: {az: a}}}\nc2: {minion_opts: {grains: {az: a}}}\n"],
    ["pillar/top.sls", "base:\n  '*': [common]\n  c1: [ceph]\n"],
    ["pillar/common.sls", "user: kubernetes\n"],
    [
      "pillar/ceph.sls",
      `#!jinja|yaml|gpg\nkey: '?{sops:ceph.sops.yaml#rbd/userKey}'\nold: |\n    ${indented(PGP, 4)}\nother: '?{barbican:ceph-admin@2}'\nthere: '?{secret:rook-ceph/mon#key}'\n`,
    ],
    [
      "secrets/ceph.sops.yaml",
      sopsYaml(
        `rbd:\n    userKey: ${enc("rbd 1")}\n    adminKey: ${enc("admin 1")}\ncephfs:\n    keys:\n        - ${enc("l0")}\n        - ${enc("l1")}\n    plain: visible\n`,
      ),
    ],
    ["states/top.sls", "base:\n  '*': [plain]\n  c1: [ceph]\n"],
    [
      "states/plain.sls",
      "/etc/kubernetes/addons/plain/config.yaml:\n  file.managed:\n    - makedirs: True\n    - contents: |\n        apiVersion: v1\n        kind: ConfigMap\n        metadata: {name: plain, namespace: default}\n        data: {user: kubernetes}\n",
    ],
    [
      "states/ceph.sls",
      "/etc/kubernetes/addons/ceph/secret.yaml:\n  file.managed:\n    - source: salt://secret.yaml\n    - template: jinja\n    - makedirs: True\n/etc/kubernetes/addons/ceph/rest.yaml:\n  file.managed:\n    - source: salt://rest.yaml\n    - template: jinja\n",
    ],
    [
      "states/secret.yaml",
      `apiVersion: v1
kind: Secret
metadata: {name: rbd, namespace: default}
stringData:
  userKey: {{ pillar.key | yaml_dquote }}
  conf: |
    [client]
    key = {{ pillar.key }}
    basic = {{ pillar.key | base64_encode }}
data:
  encoded: {{ pillar.key | base64_encode }}
  both: {{ ('user:' ~ pillar.key ~ '\\n') | base64_encode }}
`,
    ],
    [
      "states/rest.yaml",
      `apiVersion: v1
kind: Secret
metadata: {name: rest, namespace: default}
stringData:
  pgp: {{ pillar.old | json }}
  barbican: {{ pillar.other | json }}
  there: {{ pillar.there | json }}
`,
    ],
  ]);
}
