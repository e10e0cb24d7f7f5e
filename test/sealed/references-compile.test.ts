import { describe, expect, test } from "vitest";
import { printFinding } from "../../src/finding/index.ts";
import { findReferences, pgpDigest } from "../../src/sealed/index.ts";
import { expectSame, fleetOf } from "../fleet/memory-fleet.ts";
import { CONFIG, digestOf, enc, PGP, sealedFleet, sopsYaml } from "./sealed-fleet.ts";

type Files = ReadonlyMap<string, string>;

/** Compiles with and without the memo, and gives the files and findings of one cluster. */
function compiled(files: Files, cluster = "c1"): { readonly files: ReadonlyMap<string, string>; readonly said: readonly string[] } {
  const found = expectSame(fleetOf(files)).clusters.find((each) => each.cluster.id === cluster);
  return { files: found?.files ?? new Map(), said: found?.findings.filter(({ severity }) => severity !== "note").map(printFinding) ?? [] };
}

function edited(change: Readonly<Record<string, string | ((text: string) => string)>>): Files {
  const files = sealedFleet();
  for (const [path, text] of Object.entries(change)) files.set(path, typeof text === "string" ? text : text(files.get(path) ?? ""));
  return files;
}

/** The fleet with one manifest of c1 as given, its text a template. */
function withManifest(text: string, more: Readonly<Record<string, string>> = {}): Files {
  return edited({ "states/rest.yaml": text, ...more });
}

const KEY = `?{sops:ceph.sops.yaml#rbd/userKey;sha256=${digestOf(enc("rbd 1"))}}`;

describe("references in compiled output", () => {
  const { files, said } = compiled(sealedFleet());

  test("stand in data, un-encoded, with the digest of their sealed text", () => {
    expect(said).toEqual([]);
    expect(files.get("ceph/secret.yaml")).toBe(`apiVersion: v1
kind: Secret
metadata:
  name: rbd
  namespace: default
  labels:
    addonmanager.kubernetes.io/mode: Reconcile
data:
  encoded: "${KEY}"
  both: |
    user:${KEY}
  userKey: "${KEY}"
  conf: |
    [client]
    key = ${KEY}
    basic = ?{sops:ceph.sops.yaml#rbd/userKey|base64;sha256=${digestOf(enc("rbd 1"))}}
`);
  });

  test("of a PGP message, of an external service and of a Secret that is there", () => {
    expect(files.get("ceph/rest.yaml")?.split("\ndata:\n")[1]).toBe(`  pgp: "?{pgp:${pgpDigest(PGP)};sha256=${pgpDigest(PGP)}}"
  barbican: "?{barbican:ceph-admin@2;sha256=${digestOf("?{barbican:ceph-admin@2}")}}"
  there: "?{secret:rook-ceph/mon#key;sha256=${digestOf("?{secret:rook-ceph/mon#key}")}}"
`);
  });

  test("come with the sealed sources that they name, and only with those", () => {
    expect([...files.keys()]).toEqual([
      `.sealed/pgp/${pgpDigest(PGP)}.asc`,
      ".sealed/sops/ceph.sops.yaml",
      "ceph/rest.yaml",
      "ceph/secret.yaml",
      "plain/config.yaml",
      "release.yaml",
    ]);
    expect(files.get(".sealed/sops/ceph.sops.yaml")).toBe(sealedFleet().get("secrets/ceph.sops.yaml"));
    expect(files.get(`.sealed/pgp/${pgpDigest(PGP)}.asc`)).toBe(`${PGP}\n`);
    expect(files.get("release.yaml")?.split("addons:")[0]?.split("sealed:\n")[1]).toBe(`- reference: "?{barbican:ceph-admin@2}"
  digest: sha256:${digestOf("?{barbican:ceph-admin@2}")}
- reference: "?{pgp:${pgpDigest(PGP)}}"
  digest: sha256:${pgpDigest(PGP)}
  file: .sealed/pgp/${pgpDigest(PGP)}.asc
- reference: "?{secret:rook-ceph/mon#key}"
  digest: sha256:${digestOf("?{secret:rook-ceph/mon#key}")}
- reference: "?{sops:ceph.sops.yaml#rbd/userKey}"
  digest: sha256:${digestOf(enc("rbd 1"))}
  file: .sealed/sops/ceph.sops.yaml
`);
    const other = compiled(sealedFleet(), "c2").files;
    expect([...other.keys()]).toEqual(["plain/config.yaml", "release.yaml"]);
    expect(other.get("release.yaml")).not.toContain("sealed");
  });

  test("are found again in what was written", () => {
    const found = findReferences(
      [...files].flatMap(([path, text]) => (path.startsWith(".sealed") || path === "release.yaml" ? [] : [text])).join(""),
    );
    expect(found.map((each) => each.state === "whole" && each.reference.digest !== null)).toEqual(Array.from({ length: 8 }, () => true));
  });
});

describe("a change of a sealed file", () => {
  const before = compiled(sealedFleet());
  const changed = (text: (old: string) => string): string[] => {
    const after = compiled(edited({ "secrets/ceph.sops.yaml": text }));
    expect(after.said).toEqual([]);
    return [...after.files].flatMap(([path, each]) => (before.files.get(path) === each ? [] : [path]));
  };

  test("of a value that is referred to changes what refers to it", () => {
    expect(changed((old) => old.replace(enc("rbd 1"), enc("rbd 2")))).toEqual([
      ".sealed/sops/ceph.sops.yaml",
      "ceph/secret.yaml",
      "release.yaml",
    ]);
  });

  test("of another value changes the published file and nothing else", () => {
    expect(changed((old) => old.replace(enc("admin 1"), enc("admin 2")))).toEqual([".sealed/sops/ceph.sops.yaml"]);
  });
});

describe("references that lead nowhere", () => {
  test.each([
    ["a file that is not there", "?{sops:cehp.sops.yaml#rbd/userKey}", {}],
    ["a key that is not there", "?{sops:ceph.sops.yaml#rbd/userkey}", {}],
    ["a key below a leaf", "?{sops:ceph.sops.yaml#rbd/userKey/x}", {}],
    ["a list index that is not there", "?{sops:ceph.sops.yaml#cephfs/keys/2}", {}],
    ["a mapping", "?{sops:ceph.sops.yaml#rbd}", {}],
    ["a value that is not sealed", "?{sops:ceph.sops.yaml#cephfs/plain}", {}],
    ["the metadata of SOPS", "?{sops:ceph.sops.yaml#sops/mac}", {}],
    ["a file that is not sealed", "?{sops:plain.yaml#a}", { "secrets/plain.yaml": "a: b\n" }],
    ["a file that is no YAML", "?{sops:broken.yaml#a}", { "secrets/broken.yaml": "a: [b\n" }],
    ["a file that is no JSON", "?{sops:broken.json#a}", { "secrets/broken.json": "{" }],
    ["a file of two documents", "?{sops:two.yaml#a}", { "secrets/two.yaml": `${sopsYaml("a: b\n")}---\nc: d\n` }],
    ["a dotenv file", "?{sops:a.env#a}", { "secrets/a.env": "A=b\n" }],
    ["a PGP message that is in no pillar", `?{pgp:${"0".repeat(64)}}`, {}],
  ])("%s", async (name, reference, more) => {
    const { said, files } = compiled(
      withManifest(`apiVersion: v1\nkind: Secret\nmetadata: {name: x, namespace: default}\nstringData:\n  key: '${reference}'\n`, more),
    );
    await expect(`${said.join("\n\n")}\n`).toMatchFileSnapshot(`golden/unresolved/${name.replaceAll(" ", "-")}.txt`);
    // The addon fails, alone.
    expect([...files.keys()]).toEqual(["plain/config.yaml", "release.yaml"]);
  });

  test("JSON files and lists are read too", () => {
    const json = `{\n\t"a": {"b/c": ["${enc("x")}"]},\n\t"sops": {"mac": "x"}\n}\n`;
    const { said, files } = compiled(
      withManifest(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: x, namespace: default}\nstringData:\n  key: '?{sops:sub/a.json#a/b~1c/0}'\n  list: '?{sops:ceph.sops.yaml#cephfs/keys/1}'\n",
        { "secrets/sub/a.json": json },
      ),
    );
    expect(said).toEqual([]);
    expect(files.get("ceph/rest.yaml")).toContain(`?{sops:sub/a.json#a/b~1c/0;sha256=${digestOf(enc("x"))}}`);
    expect(files.get("ceph/rest.yaml")).toContain(`?{sops:ceph.sops.yaml#cephfs/keys/1;sha256=${digestOf(enc("l1"))}}`);
    expect(files.get(".sealed/sops/sub/a.json")).toBe(json);
  });
});

const secret = (data: string): string => `apiVersion: v1\nkind: Secret\nmetadata: {name: x, namespace: default}\n${data}`;
const configMap = (data: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: default}\n${data}`;
const pod = (container: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: default}\nspec:\n  containers:\n  - name: c\n    image: r/i:1\n${container}`;

describe("places where a value would be readable", () => {
  test.each<[string, string]>([
    ["a ConfigMap", configMap('data:\n  a: x\n  key: "{{ pillar.key }}"\n')],
    ["text in a ConfigMap", configMap("data:\n  ceph.conf: |\n    [global]\n    key = {{ pillar.key }}\n")],
    ["base64 in a ConfigMap", configMap("data:\n  key: {{ pillar.key | base64_encode }}\n")],
    ["binaryData of a ConfigMap", configMap("binaryData:\n  key: {{ ('a ' ~ pillar.key) | base64_encode }}\n")],
    ["a key of a ConfigMap", configMap('data:\n  "{{ pillar.key }}": x\n')],
    ["an annotation", secret("stringData: {}\n").replace("namespace: default", 'namespace: default, annotations: {a: "{{ pillar.key }}"}')],
    [
      "a label of a pod template",
      `apiVersion: apps/v1
kind: Deployment
metadata: {name: x, namespace: default}
spec:
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}, annotations: {key: "{{ pillar.key }}"}}
    spec: {containers: [{name: c, image: "r/i:1"}]}
`,
    ],
    ["a command", pod('    command: [run, "--key={{ pillar.key }}"]\n')],
    ["arguments", pod('    args:\n    - --key\n    - "{{ pillar.key }}"\n')],
    ["an env value", pod('    env:\n    - name: KEY\n      value: "{{ pillar.key }}"\n')],
    [
      "a field of another kind",
      'apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: x}\nprovisioner: x\nparameters: {key: "{{ pillar.key }}"}\n',
    ],
    ["the type of a Secret", secret('type: "{{ pillar.key }}"\n')],
    [
      "a private key",
      configMap(
        "data:\n  key.pem: |\n    -----BEGIN PRIVATE KEY-----\n    MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n    -----END PRIVATE KEY-----\n",
      ),
    ],
    ["a PGP message", configMap(`data:\n  key: |\n    ${PGP.replaceAll("\n", "\n    ")}\n`)],
    ["a PGP message in a Secret", secret(`stringData:\n  key: |\n    ${PGP.replaceAll("\n", "\n    ")}\n`)],
    ["a PGP message in the data of a Secret", secret(`data:\n  key: ${Buffer.from(PGP).toString("base64")}\n`)],
    ["a sealed text of SOPS", secret(`stringData:\n  key: "${enc("x")}"\n`)],
    ["a sealed text of SOPS in a ConfigMap", configMap(`data:\n  key: "${enc("x")}"\n`)],
  ])("%s", async (name, manifest) => {
    const { said, files } = compiled(withManifest(manifest));
    await expect(`${said.join("\n\n")}\n`).toMatchFileSnapshot(`golden/places/${name.replaceAll(" ", "-")}.txt`);
    expect([...files.keys()]).toEqual(["plain/config.yaml", "release.yaml"]);
  });

  test("certificates, public keys and SealedSecrets are no secrets", () => {
    const { said } = compiled(
      withManifest(
        `${configMap("data:\n  ca.pem: |\n    -----BEGIN CERTIFICATE-----\n    MIIB\n    -----END CERTIFICATE-----\n  note: 'the file holds -----BEGIN PRIVATE KEY----- and so on'\n  template: 'http://x?{{ \"{{\" }} .Query }}'\n  pattern: 'a?{2}'\n")}---\napiVersion: v1\nkind: Secret\nmetadata: {name: second, namespace: default}\ndata:\n  x: ${Buffer.from("?{{ x").toString("base64")}\n`,
      ),
    );
    expect(said).toEqual([]);
  });
});

describe("places that are allowed", () => {
  const value = `key: "?{sops:ceph.sops.yaml#rbd/userKey;sha256=${digestOf(enc("rbd 1"))}}"`;
  const allowed = (manifest: string, more: Readonly<Record<string, string>> = {}): void => {
    const { said, files } = compiled(withManifest(manifest, more));
    expect(said).toEqual([]);
    expect(files.get("ceph/rest.yaml")).toContain(value);
  };

  test("by a comment on the line, or on the line above it", () => {
    allowed(configMap('data:\n  key: "{{ pillar.key }}" # halite: allow-secret the monitor reads nothing but ConfigMaps\n'));
    allowed(configMap('data:\n  # halite: allow-secret the monitor reads nothing but ConfigMaps\n  key: "{{ pillar.key }}"\n'));
    const { said } = compiled(
      withManifest(
        configMap("data:\n  a.conf: | # halite: allow-secret the monitor reads nothing but ConfigMaps\n    key={{ pillar.key }}\n"),
      ),
    );
    expect(said).toEqual([]);
  });

  test("by an annotation of the object", () => {
    const annotations = "annotations:\n    halite.dev/allow-secret: |\n      /data/key the monitor reads nothing but ConfigMaps";
    allowed(
      `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n  namespace: default\n  ${annotations}\ndata:\n  key: "{{ pillar.key }}"\n`,
    );
  });

  test("by the config, for a kind and a path", () => {
    const config = `sealed: {allow: [{kind: ConfigMap, path: /data/*, reason: they are on encrypted disks}]}\n${CONFIG}`;
    allowed(configMap('data:\n  key: "{{ pillar.key }}"\n'), { "halite.yaml": config });
  });

  test("but not without a reason, not for another line, and never as a key", async () => {
    const said = [
      configMap('data:\n  key: "{{ pillar.key }}" # halite: allow-secret\n'),
      configMap('data:\n  key: "{{ pillar.key }}" # halite: allow-secret it is meant\n  other: "{{ pillar.key }}"\n'),
      configMap('data:\n  "{{ pillar.key }}": x # halite: allow-secret it is meant\n'),
      configMap('data:\n  key: "?{sops:c" # halite: allow-secret it is meant\n'),
    ].flatMap((manifest) => compiled(withManifest(manifest)).said);
    await expect(`${said.join("\n\n")}\n`).toMatchFileSnapshot("golden/places/allowed-but.txt");
  });
});

describe("what is left of a reference", () => {
  test.each<[string, string]>([
    ["one that is cut", secret("stringData:\n  key: '?{sops:ceph.sops.yaml#rbd'\n")],
    ["one in upper case", secret("stringData:\n  key: '?{SOPS:CEPH.SOPS.YAML#RBD/USERKEY}'\n")],
    ["one backwards", secret("stringData:\n  key: '}yeKresu/dbr#lmay.spos.hpec:spos{?'\n")],
    ["its end alone", secret("stringData:\n  key: 'ceph.sops.yaml#rbd/userKey}'\n")],
    ["one in percent encoding", secret("stringData:\n  key: '%3F%7Bsops%3Aceph.sops.yaml%23rbd/userKey%7D'\n")],
    ["one in hexadecimal", secret(`stringData:\n  key: '${Buffer.from("?{sops:ceph.sops.yaml#rbd/userKey}").toString("hex")}'\n`)],
    [
      "base64 within a text",
      secret(`stringData:\n  key: 'auth=${Buffer.from("user:?{sops:ceph.sops.yaml#rbd/userKey}").toString("base64")}'\n`),
    ],
    [
      "base64 within a text of data",
      secret(
        `data:\n  key: '${Buffer.from(`auth ${Buffer.from("u:?{sops:ceph.sops.yaml#rbd/userKey}").toString("base64")}`).toString("base64")}'\n`,
      ),
    ],
    ["data that is not encoded", secret("data:\n  key: '?{sops:ceph.sops.yaml#rbd/userKey}'\n")],
    ["a digest", secret(`stringData:\n  key: '?{sops:ceph.sops.yaml#rbd/userKey;sha256=${"0".repeat(64)}}'\n`)],
    ["malformed in data", secret(`data:\n  key: ${Buffer.from("?{sops:ceph.sops.yaml}").toString("base64")}\n`)],
  ])("%s is an error", async (name, manifest) => {
    const { said, files } = compiled(withManifest(manifest));
    await expect(`${said.join("\n\n")}\n`).toMatchFileSnapshot(`golden/mangled/${name.replaceAll(" ", "-")}.txt`);
    expect([...files.keys()]).toEqual(["plain/config.yaml", "release.yaml"]);
  });
});

test("no addon can be called .sealed", async () => {
  const { said, files } = compiled(edited({ "states/plain.sls": (text) => text.replace("addons/plain/", "addons/.sealed/") }));
  await expect(`${said.join("\n\n")}\n`).toMatchFileSnapshot("golden/dotted-addon.txt");
  expect([...files.keys()].filter((path) => path.startsWith(".sealed/config"))).toEqual([]);
});
