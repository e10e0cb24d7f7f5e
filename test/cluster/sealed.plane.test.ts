import { afterEach, describe, expect, test } from "vitest";
import type { Reveal } from "../../src/cluster/index.ts";
import { FindingError } from "../../src/finding/index.ts";
import { referenceName, revealObject, SecretValue, sealedDigest, type Reference, type SealedSource } from "../../src/sealed/index.ts";
import type { Client, ControlPlane } from "../control-plane/index.ts";
import { canHavePlane, usePlane } from "../control-plane/use-plane.ts";
import { namespaceYaml, Other, pathTo } from "./kube.ts";
import { pass, troubles, type PassSetting } from "./passes.ts";
import type { Manifests } from "./releases.ts";

const possible = await canHavePlane();

/** A key service in memory. */
class Store implements SealedSource {
  readonly kind = "barbican";
  value = "correct horse battery staple";
  opened = 0;

  async sealedText(reference: Reference): Promise<string> {
    return referenceName(reference);
  }

  async open(): Promise<SecretValue> {
    this.opened += 1;
    return SecretValue.of(new TextEncoder().encode(this.value));
  }
}

describe.skipIf(!possible)("sealed values are revealed in memory just before the apply", () => {
  let plane: ControlPlane;
  let api: Client;
  usePlane({}, (started) => ({ plane, api } = started));
  afterEach(async () => {
    await api.call("DELETE", pathTo("addon", ""));
  });

  const ns = "sealed";
  const reference = "?{barbican:ceph@1}";
  const manifests: Manifests = {
    sealed: {
      "ns.yaml": namespaceYaml(ns),
      "s.yaml": `apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: ${ns}}\nstringData: {key: "${reference}", user: admin}\n`,
    },
  };
  const store = new Store();
  const reveal: Reveal = async (object) => await revealObject(object as Parameters<typeof revealObject>[0], [store]);
  const setting: PassSetting = { observe: { reveal }, apply: { reveal } };
  /** Everything that a pass leaves anywhere: its plan and result, the objects' metadata, Addons, events. */
  const traces = async (done: unknown): Promise<string> => {
    const paths = ["/api/v1/namespaces/sealed/events", "/api/v1/events", pathTo("addon", ""), "/api/v1/namespaces/sealed/secrets"];
    const bodies = await Promise.all(paths.map(async (path) => (await api.call("GET", path)).body as { items: { metadata: unknown }[] }));
    const [events, all, addons, secrets] = bodies;
    return JSON.stringify([done, events, all, addons, secrets?.items.map(({ metadata }) => metadata)]);
  };
  const forms = (value: string): readonly string[] => [value, Buffer.from(value).toString("base64"), encodeURIComponent(value)];

  test("the value is in the Secret and nowhere else; a second pass writes nothing; a rotation at the source is picked up", async () => {
    const first = await pass(plane, manifests, setting);
    expect(troubles(first.result)).toEqual([]);
    const other = new Other(api, ns);
    expect((await other.get("secret", "s"))?.data).toEqual({
      key: Buffer.from(store.value).toString("base64"),
      user: Buffer.from("admin").toString("base64"),
    });
    const again = await pass(plane, manifests, setting);
    expect(again.operations).toEqual([`skip Namespace ${ns}`, `skip Secret ${ns}/s`]);
    expect(again.writes).toBe(0);
    const old = store.value;
    store.value = "rotated at the source";
    const rotated = await pass(plane, manifests, setting);
    expect(rotated.operations).toContain(`update Secret ${ns}/s`);
    expect((await other.get("secret", "s"))?.data?.["key"]).toBe(Buffer.from("rotated at the source").toString("base64"));
    for (const trace of [
      await traces([first.plan, first.result.addons.map(({ status }) => status)]),
      await traces([again.plan, rotated.plan]),
    ]) {
      for (const value of [old, store.value]) for (const form of forms(value)) expect(trace).not.toContain(form);
    }
    expect((await other.get("secret", "s"))?.metadata.annotations).toBeUndefined();
  });

  test("without a key, or with one that fails, the object is refused and its addon's prune waits; the rest applies", async () => {
    const more = {
      sealed: {
        ...manifests["sealed"],
        "c.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: ${ns}}\ndata: {a: "1"}\n`,
      },
    };
    const closed = await pass(plane, more);
    expect(troubles(closed.result)).toEqual([
      expect.stringMatching(/Secret sealed\/s: failed: it holds references to sealed values, and no key to open them is given/),
    ]);
    expect(await new Other(api, ns).get("configmap", "c")).toBeDefined();
    const broken: Reveal = async () => {
      throw new FindingError({ code: "sealed-barbican", severity: "error", message: "the key service gives no answer" });
    };
    const failed = await pass(plane, more, { observe: { reveal: broken }, apply: { reveal: broken } });
    expect(troubles(failed.result)).toEqual([expect.stringMatching(/Secret sealed\/s: failed: the key service gives no answer/)]);
  });

  test("what the server says against an opened value is told without it", async () => {
    const bad = {
      sealed: {
        "ns.yaml": namespaceYaml(ns),
        "s.yaml": `apiVersion: v1\nkind: Secret\nmetadata: {name: tls, namespace: ${ns}}\ntype: kubernetes.io/dockerconfigjson\nstringData: {.dockerconfigjson: "${reference}"}\n`,
      },
    };
    store.value = "not json: hunter2";
    const done = await pass(plane, bad, setting);
    expect(troubles(done.result).length).toBeGreaterThan(0);
    expect(await traces(done)).not.toMatch(/hunter2/);
    expect(sealedDigest("x")).toHaveLength(64);
  });
});
