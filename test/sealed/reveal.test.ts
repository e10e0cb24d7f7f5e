import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FindingError, printFinding } from "../../src/finding/index.ts";
import { OpenedValues, revealObject, sealedDigest, type KubernetesObject } from "../../src/sealed/index.ts";
import { MapSource } from "./map-source.ts";

const BINARY = Uint8Array.from({ length: 256 }, (_, index) => index);
const source = (): MapSource => new MapSource("sops", { "f#k": 'pa"ss\\\n\tü', "f#b": BINARY, "f#plain": "canary" });

/** A reference as compiled output has it. */
function pinned(location: string, functions = ""): string {
  return `?{sops:${location}${functions};sha256=${sealedDigest(`sealed ${location}`)}}`;
}

function secret(data: KubernetesObject): KubernetesObject {
  return { apiVersion: "v1", kind: "Secret", metadata: { name: "ceph", namespace: "kube-system" }, data };
}

async function revealed(object: KubernetesObject): Promise<{ data: Record<string, string>; [key: string]: unknown }> {
  const { body } = { body: (await revealObject(object, [source()])).body() };
  return JSON.parse(Buffer.from(body).toString("utf8"));
}

async function refused(object: KubernetesObject, sources = [source()]): Promise<string> {
  try {
    await revealObject(object, sources);
  } catch (error) {
    if (error instanceof FindingError) return error.findings.map(printFinding).join("\n");
    throw error;
  }
  throw new Error("revealed");
}

describe("data of a Secret: the text with its values, then base64", () => {
  test("a value alone, also of bytes that are no text", async () => {
    const { data } = await revealed(secret({ a: pinned("f#k"), b: pinned("f#b"), there: "AAEC" }));
    expect(Buffer.from(data["a"] ?? "", "base64").toString()).toBe('pa"ss\\\n\tü');
    expect(Uint8Array.from(Buffer.from(data["b"] ?? "", "base64"))).toEqual(BINARY);
    expect(data["there"]).toBe("AAEC");
  });

  test("several references within a config text, with functions", async () => {
    const text = `[client]\nkey = ${pinned("f#plain")}\njson = {"k": ${pinned("f#k", "|json")}}\nb64 = ${pinned("f#b", "|base64")}\nboth = ${pinned("f#k", "|base64|json")}\n`;
    const { data } = await revealed(secret({ conf: text }));
    expect(Buffer.from(data["conf"] ?? "", "base64").toString()).toBe(
      `[client]\nkey = canary\njson = {"k": "pa\\"ss\\\\\\u000a\\u0009ü"}\nb64 = ${Buffer.from(BINARY).toString("base64")}\nboth = "${Buffer.from('pa"ss\\\n\tü').toString("base64")}"\n`,
    );
  });
});

test("elsewhere the text with its values is a string, and everything else stays as it is", async () => {
  const object: KubernetesObject = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "c", labels: { "a?{{b": "?{{ .Values.x }}" } },
    data: { conf: `pass=${pinned("f#k")};` },
    spec: { big: 2n ** 60n, half: 0.5, none: null, yes: true, list: [pinned("f#plain"), 1, []], empty: {} },
  };
  const body = Buffer.from((await revealObject(object, [source()])).body()).toString("utf8");
  expect(body).toContain("1152921504606846976");
  expect(JSON.parse(body)).toEqual({
    ...object,
    data: { conf: 'pass=pa"ss\\\n\tü;' },
    spec: { big: Number(2n ** 60n), half: 0.5, none: null, yes: true, list: ["canary", 1, []], empty: {} },
  });
});

test("any bytes come back from base64, any text from JSON (property)", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 70 }), fc.string({ unit: "binary" }), async (bytes, text) => {
      const own = new MapSource("sops", { "f#b": bytes, "f#t": text });
      const object = { ...secret({ b: pinned("f#b"), t: pinned("f#t") }), note: pinned("f#t") };
      const answer = JSON.parse(Buffer.from((await revealObject(object, [own])).body()).toString("utf8"));
      expect(Uint8Array.from(Buffer.from(answer.data.b, "base64"))).toEqual(bytes);
      expect(answer.note).toBe(Buffer.from(text).toString("utf8"));
      expect(Buffer.from(answer.data.t, "base64").toString()).toBe(Buffer.from(text).toString());
    }),
  );
});

describe("fails closed, says object, field and reference, and never a value", () => {
  test.each<[string, KubernetesObject]>([
    ["no digest", secret({ userKey: "?{sops:f#k}" })],
    ["another digest", secret({ userKey: `?{sops:f#k;sha256=${"0".repeat(64)}}` })],
    ["no source of the kind", secret({ userKey: `?{barbican:x@1;sha256=${"0".repeat(64)}}` })],
    ["malformed", secret({ userKey: "?{sops:f}" })],
    ["no such value", secret({ userKey: pinned("f#other") })],
    ["bytes where text is needed", { ...secret({}), note: `x ${pinned("f#b")}` }],
    ["bytes as JSON", secret({ userKey: pinned("f#b", "|json") })],
    ["in a key", secret({ [pinned("f#k")]: "AA==" })],
    ["all of them at once", { ...secret({ a: "?{sops:f#k}", b: pinned("f#k"), c: pinned("f#other") }), spec: { list: ["?{sops:f}"] } }],
  ])("%s", async (name, object) => {
    const said = await refused(object);
    await expect(`${said}\n`).toMatchFileSnapshot(`golden/reveal/${name.replaceAll(/\W+/g, "-")}.txt`);
    expect(said).not.toContain('pa"ss');
    expect(said).not.toContain("canary");
  });
});

test("a value that several references share is opened once, and kept values end when they are wiped", async () => {
  const own = source();
  await revealObject(secret({ a: pinned("f#k"), b: pinned("f#k", "|base64") }), [own]);
  expect(own.opened).toBe(1);
  const values = new OpenedValues();
  await revealObject(secret({ a: pinned("f#k") }), [own], { values });
  await revealObject(secret({ a: pinned("f#k") }), [own], { values });
  expect(own.opened).toBe(2);
  await values.wipe();
  await revealObject(secret({ a: pinned("f#k") }), [own], { values });
  expect(own.opened).toBe(3);
});

test("a revealed object can only be sent", async () => {
  const object = await revealObject(secret({ a: pinned("f#plain") }), [source()]);
  expect(object.opened).toBe(1);
  expect(JSON.stringify(object)).not.toContain("canary");
  object.wipe();
  expect(() => object.body()).toThrow("wiped");
});

test("work that was ended says so", async () => {
  const ended = AbortSignal.abort(new Error("ended"));
  await expect(revealObject(secret({ a: pinned("f#k") }), [source()], { signal: ended })).rejects.toThrow("ended");
});
