import { normaliseObject } from "../../src/addon/normalise.ts";
import { parseManifest } from "../../src/addon/parse.ts";
import { describe, expect, test } from "vitest";
import {
  compileAddons,
  readAddonSettings,
  ReleaseTexts,
  type CompiledAddons,
  type FailedFile,
  type ObjectSchema,
  type WrittenFile,
} from "../../src/addon/index.ts";
import { printFinding } from "../../src/finding/index.ts";
import { PyDict } from "../../src/python/index.ts";
import { SealedTexts } from "../../src/sealed/index.ts";
import { loadKubernetes, loadSalt } from "../../src/yaml/index.ts";

/** Knows a few kinds and finds nothing wrong: the second stage alone is under test. */
const SCHEMA: ObjectSchema = {
  version: "1.36",
  scope: (_apiVersion, kind) => (["Namespace", "StorageClass", "CustomResourceDefinition"].includes(kind) ? "Cluster" : "Namespaced"),
  validate: () => [],
  withCustomResources: () => SCHEMA,
};

function file(path: string, text: string | Uint8Array): WrittenFile {
  return {
    path: `/etc/kubernetes/addons/${path}`,
    content: typeof text === "string" ? new TextEncoder().encode(text) : text,
    id: `id of ${path}`,
    sls: "a.sls",
    source: null,
  };
}

/** A sealed file in which everything is sealed alike. */
const SEALED = {
  texts: new SealedTexts({
    display: "secrets",
    list: () => [],
    find: () => ({ text: "rbd: {userKey: 'ENC[AES256_GCM,data:x]'}\nsops: {}\n", display: "secrets/ceph.sops.yaml" }),
  }),
  blocks: new Map<string, string>(),
};

function settings(pillar: string): ReturnType<typeof readAddonSettings> {
  const { value } = loadSalt(pillar, { file: "pillar" });
  return readAddonSettings(value instanceof PyDict ? value : new PyDict());
}

function compile(files: readonly WrittenFile[], pillar = "{}", failed: readonly FailedFile[] = []): CompiledAddons {
  return compileAddons({
    written: files,
    failed,
    settings: settings(pillar),
    schema: SCHEMA,
    knownCrds: [],
    sealed: SEALED,
    sources: () => [],
  });
}

const said = (compiled: CompiledAddons): string[] => compiled.findings.map(printFinding);

function outputs(compiled: CompiledAddons): ReadonlyMap<string, string> {
  return new ReleaseTexts().files({ state: "compiled", cluster: { id: "c1", az: "az1", kubernetes: "1.36" }, rollout: null, ...compiled });
}

const config = (name: string, more = ""): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: default\n${more}`;
const LABELLED = "  labels:\n    addonmanager.kubernetes.io/mode: Reconcile\n";

describe("files to addons", () => {
  test("each folder is an addon, files directly in addons/ are _root, .yml and .json become .yaml", () => {
    const compiled = compile([
      file("b/deep/er/x.yml", config("x", LABELLED)),
      file(
        "a/y.json",
        '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"two","namespace":"default","labels":{"addonmanager.kubernetes.io/mode":"EnsureExists"}}}',
      ),
      file("z.yaml", config("z", LABELLED)),
    ]);
    expect(said(compiled)).toEqual([]);
    expect([...outputs(compiled).keys()]).toEqual(["_root/z.yaml", "a/y.yaml", "b/deep/er/x.yaml", "release.yaml"]);
  });

  test("the release", async () => {
    const compiled = compile(
      [
        file("nfs/a.yaml", `${config("x", LABELLED)}---\n${config("two", LABELLED)}`),
        file("nfs/empty.yaml", "# nothing\n"),
        file("base/ns.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: storage}\n"),
      ],
      "addons: {nfs: {mode: EnsureExists, dependsOn: [base]}}",
    );
    await expect(outputs(compiled).get("release.yaml")).toMatchFileSnapshot("golden/release.yaml");
  });

  test.each<[string, string, string]>([
    ["x.txt", "no manifest", "error: /etc/kubernetes/addons/nfs/x.txt is in an addon's folder but is no manifest"],
    ["x.YAML", "upper case ending", "error: /etc/kubernetes/addons/nfs/x.YAML is in an addon's folder but is no manifest"],
    ["x.yaml", "a: [", "nfs/x.yaml:"],
    ["x.yaml", "just text", "a manifest's document must be a mapping"],
    ["x.yaml", "kind: ConfigMap\nmetadata: {name: x}", "the object has no apiVersion"],
    ["x.yaml", "metadata: {name: x}", "the object has no apiVersion and no kind"],
    ["x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {}", "the ConfigMap has no metadata.name"],
    [
      "x.yaml",
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: y, namespace: default}",
      "x.yaml:3:12: error: metadata.name of the ConfigMap must be a string, and this is read as bool True",
    ],
    ["x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: x-}", "x.yaml:3:12: error: the ConfigMap has generateName"],
    ["x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}", "ConfigMap x has no metadata.namespace"],
    [
      "x.yaml",
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: storage}",
      "ConfigMap storage/x is in namespace storage, which no addon of this cluster makes",
    ],
    ["x.yaml", config("x", "  labels: {addonmanager.kubernetes.io/mode: reconcile}\n"), "did you mean Reconcile?"],
    [
      "x.yaml",
      config("x", "  labels: {addonmanager.kubernetes.io/mode: Foo}\n"),
      'x.yaml:6:12: error: the label addonmanager.kubernetes.io/mode is "Foo"',
    ],
  ])("%s: %s fails its addon alone", (name, text, expected) => {
    const compiled = compile([file(`nfs/${name}`, text), file("other/y.yaml", config("two", LABELLED))]);
    expect(said(compiled).join("\n")).toContain(expected);
    expect(compiled.addons.map((addon) => [addon.name, addon.state])).toEqual([
      ["nfs", "failed"],
      ["other", "complete"],
    ]);
    expect([...outputs(compiled).keys()]).toEqual(["other/y.yaml", "release.yaml"]);
    expect(outputs(compiled).get("release.yaml")).toContain("state: partial");
  });

  test.each([
    ["that can't be parsed", [file("base/x.yaml", "a: [")], []],
    [
      "that failed",
      [],
      [
        {
          path: "/etc/kubernetes/addons/base/x.yaml",
          id: "base",
          sls: "base",
          findings: [{ code: "c", severity: "error", message: "no template" }],
        },
      ],
    ],
  ] as const)("a namespace that an addon with a file %s may make fails no other addon", (_how, files, failed) => {
    const other = file("other/y.yaml", config("two", LABELLED).replace("namespace: default", "namespace: storage"));
    const compiled = compile([...files, other, file("third/z.yaml", config("three", LABELLED))], "{}", failed);
    expect(compiled.addons.map((addon) => [addon.name, addon.state])).toEqual([
      ["base", "failed"],
      ["other", "complete"],
      ["third", "complete"],
    ]);
    expect(said(compiled).filter((text) => text.includes("namespace"))).toEqual([
      "/etc/kubernetes/addons/other/y.yaml:5:3: note: namespace storage is made by no addon that could be read, and maybe by one that failed: base [addon-namespace-doubted]",
    ]);
  });

  test("a file that is not UTF-8", () => {
    expect(said(compile([file("nfs/x.yaml", new Uint8Array([0xff, 0xfe, 0x41]))]))[0]).toContain("is not UTF-8 text");
  });

  test("all findings of an addon in one run", () => {
    const compiled = compile([
      file(
        "nfs/x.yaml",
        `${config("x", "  labels: {addonmanager.kubernetes.io/mode: Foo}\n")}---\nkind: Y\n---\napiVersion: v1\nkind: Service\nmetadata: {name: s}\n`,
      ),
    ]);
    expect(compiled.findings.map((finding) => finding.code).sort()).toEqual(["addon-mode", "addon-namespace-missing", "manifest-no-kind"]);
  });
});

describe("one object, one file", () => {
  test("in two files of one addon", () => {
    const compiled = compile([file("nfs/x.yaml", config("x", LABELLED)), file("nfs/y.yaml", config("x", LABELLED))]);
    expect(said(compiled)).toEqual([
      "/etc/kubernetes/addons/nfs/y.yaml:1:1: error: ConfigMap default/x stands twice: here and in /etc/kubernetes/addons/nfs/x.yaml:1 [addon-object-twice]\n  the addon manager would apply them in turn for ever; keep one",
    ]);
  });

  test("in two addons both fail, and both are named", () => {
    const compiled = compile([
      file("a/x.yaml", config("x", LABELLED)),
      file("b/y.yaml", config("x", LABELLED)),
      file("c/z.yaml", config("z", LABELLED)),
    ]);
    expect(compiled.addons.map((addon) => addon.state)).toEqual(["failed", "failed", "complete"]);
    expect(compiled.findings).toHaveLength(2);
  });

  test("another version of the same group and kind is the same object; another group is not", () => {
    const at = (apiVersion: string): string =>
      `apiVersion: ${apiVersion}\nkind: Thing\nmetadata: {name: x, namespace: default, labels: {addonmanager.kubernetes.io/mode: Reconcile}}\n`;
    expect(compile([file("a/x.yaml", at("g.example/v1")), file("a/y.yaml", at("g.example/v1beta1"))]).findings).toHaveLength(1);
    expect(compile([file("a/x.yaml", at("g.example/v1")), file("a/y.yaml", at("h.example/v1"))]).findings).toHaveLength(0);
  });
});

describe("modes", () => {
  test.each<[string, string, string, string]>([
    ["the label", "  labels: {addonmanager.kubernetes.io/mode: EnsureExists}\n", "{}", "EnsureExists"],
    [
      "the label before pillar",
      "  labels: {addonmanager.kubernetes.io/mode: Reconcile}\n",
      "addons: {a: {mode: EnsureExists}}",
      "Reconcile",
    ],
    ["pillar", "", "addons: {a: {mode: EnsureExists}}", "EnsureExists"],
    ["neither", "", "{}", "Reconcile"],
    ["cluster-service", '  labels: {kubernetes.io/cluster-service: "true"}\n', "addons: {a: {mode: EnsureExists}}", "Reconcile"],
    [
      "cluster-service and EnsureExists",
      '  labels: {kubernetes.io/cluster-service: "true", addonmanager.kubernetes.io/mode: EnsureExists}\n',
      "{}",
      "EnsureExists",
    ],
  ])("%s", (_name, labels, pillar, mode) => {
    const compiled = compile([file("a/x.yaml", config("x", labels))], pillar);
    expect(outputs(compiled).get("a/x.yaml")).toContain(`addonmanager.kubernetes.io/mode: ${mode}`);
  });

  test("a mode that nobody gave is noted once an addon", () => {
    const compiled = compile([file("a/x.yaml", `${config("x")}---\n${config("two")}`)]);
    expect(said(compiled)).toEqual([
      "/etc/kubernetes/addons/a/x.yaml:1:1: note: addon a: 2 of 2 objects carry no mode label and pillar declares none; Reconcile is written out [addon-mode-default]",
    ]);
  });
});

describe("what the second stage changes, and nothing else", () => {
  const written = (text: string): string | undefined => outputs(compile([file("a/x.yaml", text)])).get("a/x.yaml");

  test.each<[string, string]>([
    [
      "stringData",
      `apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  namespace: default\n${LABELLED}type: Opaque\nstringData:\n  user: admin\n  ref: "?{sops:ceph.sops.yaml#rbd/userKey}"\ndata:\n  kept: a2VwdA==\n`,
    ],
    [
      "service-ports",
      `apiVersion: v1\nkind: Service\nmetadata:\n  name: s\n  namespace: default\n${LABELLED}spec:\n  ports:\n    - {port: 53, protocol: UDP, name: dns}\n    - {port: 80, name: web}\n`,
    ],
    [
      "pod-ports",
      `apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: d\n  namespace: default\n${LABELLED}spec:\n  template:\n    spec:\n      initContainers:\n        - {name: i, ports: [{containerPort: 1}]}\n      containers:\n        - {name: c, ports: [{containerPort: 2}, {containerPort: 3, protocol: SCTP}]}\n`,
    ],
    ["scalars", `${config("x", LABELLED)}data:\n  a: "yes"\n  b: "0644"\n  c: "1_000"\n  d: |\n    two\n    lines\n  e: ""\n`],
    ["kubernetes-numbers", `${config("x", LABELLED)}mode: 0644\non: true\nbig: 9007199254740993\nfloat: 1.50\n`],
  ])("%s", async (name, text) => {
    await expect(written(text)).toMatchFileSnapshot(`golden/normalise-${name}.yaml`);
  });

  test("a List gives its items", () => {
    const text = `apiVersion: v1\nkind: List\nitems:\n  - ${config("x").replaceAll("\n", "\n    ").trimEnd()}\n  - ${config("two").replaceAll("\n", "\n    ").trimEnd()}\n`;
    const compiled = compile([file("a/x.yaml", text)]);
    expect(compiled.addons[0]).toMatchObject({ state: "complete", objects: [{ name: "x" }, { name: "two" }] });
  });

  test("what is written reads back as what was compiled", () => {
    const manifest = file("a/x.yaml", `${config("x", LABELLED)}data: {k: "on", l: "12:30", m: " s "}\n---\n${config("two", LABELLED)}`);
    const text = outputs(compile([manifest])).get("a/x.yaml") ?? "";
    const values = parseManifest(manifest).objects.map((object) => normaliseObject(object.value, "Reconcile"));
    const back = loadKubernetes(text, { file: "x" }).map((document) => document.value);
    expect(back.length).toBe(2);
    for (const [index, value] of values.entries()) expect(value.equals(back[index] ?? null)).toBe(true);
  });
});

describe("dependencies between addons", () => {
  test.each<[string, string, string]>([
    ["missing", "addons: {a: {dependsOn: [zz]}}", "addon a depends on addon zz, which this cluster does not have"],
    ["a circle", "addons: {a: {dependsOn: [b]}, b: {dependsOn: [a]}}", "addons depend on each other in a circle: a → b → a"],
  ])("%s", (_name, pillar, expected) => {
    const compiled = compile([file("a/x.yaml", config("x", LABELLED)), file("b/y.yaml", config("two", LABELLED))], pillar);
    expect(said(compiled).join("\n")).toContain(expected);
  });
});
