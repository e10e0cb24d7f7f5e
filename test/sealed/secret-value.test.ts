import { fork } from "node:child_process";
import { deepEqual, deepStrictEqual } from "node:assert";
import { format, inspect, isDeepStrictEqual } from "node:util";
import { serialize } from "node:v8";
import { MessageChannel } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { SecretValue } from "../../src/sealed/index.ts";

const PLAIN = "canary-7f3a";
const secret = (): SecretValue => SecretValue.of(Buffer.from(PLAIN));

describe("what would make a text or a copy throws", () => {
  const value = secret();
  // Types would refuse most of these; accidents happen where there are none.
  const text = value as unknown as string;
  const list = value as unknown as Iterable<number>;
  test.each<[string, () => unknown]>([
    ["interpolation", () => `a ${text}`],
    ["concatenation", () => "a".concat(text)],
    ["String()", () => String(value)],
    ["toString()", () => value.toString()],
    ["toLocaleString()", () => value.toLocaleString()],
    ["Array.join", () => [value].join(",")],
    ["JSON.stringify", () => JSON.stringify({ data: { key: value } })],
    ["Number()", () => Number(value)],
    ["==  with a text", () => text == PLAIN],
    ["<", () => text < "z"],
    ["valueOf()", () => value.valueOf()],
    ["as a property's name", () => ({ a: 1 })[text as "a"]],
    ["spread into an array", () => [...list]],
    ["Array.from", () => Array.from(list)],
    ["Buffer.from", () => Buffer.from(text)],
    ["structuredClone", () => structuredClone(value)],
    ["structuredClone of what holds it", () => structuredClone({ deep: [value] })],
    ["v8.serialize", () => serialize(value)],
    [
      "postMessage",
      () => {
        const { port1 } = new MessageChannel();
        try {
          port1.postMessage(value);
        } finally {
          port1.close();
        }
      },
    ],
    ["encodeURIComponent", () => encodeURIComponent(text)],
    ["RegExp", () => /x/.test(text)],
    ["new Error", () => new Error(text)],
    ["parseInt", () => Number.parseInt(text, 10)],
    ["Symbol", () => Symbol(text)],
    ["atob", () => atob(text)],
    ["URLSearchParams", () => new URLSearchParams({ a: text }).toString()],
  ])("%s", (_name, accident) => {
    let said = "";
    try {
      accident();
    } catch (error) {
      said = inspect(error, { depth: 10 });
    }
    expect(said).not.toBe("");
    expect(said).not.toContain(PLAIN);
  });
});

describe("what looks at it sees a mask", () => {
  test.each<[string, (value: SecretValue) => string]>([
    ["inspect", (value) => inspect(value)],
    ["inspect with everything", (value) => inspect({ a: [value] }, { depth: Infinity, showHidden: true, getters: true })],
    ["inspect without custom inspection", (value) => inspect(value, { customInspect: false, showHidden: true, depth: 9, getters: false })],
    ["format %s", (value) => format("%s", [value])],
    ["format %o %O %j", (value) => format("%o %O", value, value)],
    ["an error's cause", (value) => inspect(new Error("x", { cause: value }), { depth: 9 })],
    ["Object.prototype.toString", (value) => Object.prototype.toString.call(value)],
    ["its own properties", (value) => inspect(Object.getOwnPropertyDescriptors(value), { depth: 9, showHidden: true })],
    ["Object.entries", (value) => inspect(Object.entries(Object.assign({}, value)), { depth: 9 })],
  ])("%s", (_name, look) => {
    const seen = look(secret());
    for (const form of [
      PLAIN,
      Buffer.from(PLAIN).toString("base64"),
      Buffer.from(PLAIN).toString("hex"),
      [...Buffer.from(PLAIN)].join(", "),
    ])
      expect(seen).not.toContain(form);
  });

  test("a crash prints none of it", async () => {
    const child = fork(new URL("crash-child.ts", import.meta.url), {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      execArgv: ["--import", "tsx"],
    });
    let said = "";
    child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect(code).not.toBe(0);
    expect(said).toContain("SecretValue(sealed)");
    expect(said).not.toContain(PLAIN);
    expect(said).not.toContain(Buffer.from(PLAIN).toString("base64"));
  });
});

describe("comparison", () => {
  test("two with the same bytes are never equal by accident", () => {
    expect(isDeepStrictEqual(secret(), secret())).toBe(false);
    expect(() => deepStrictEqual(secret(), secret())).toThrow();
    expect(() => deepEqual({ a: secret() }, { a: secret() })).toThrow();
    expect(secret() === secret()).toBe(false);
  });

  test("isSame compares on purpose", () => {
    expect(secret().isSame(secret())).toBe(true);
    expect(secret().isSame(SecretValue.of(Buffer.from("canary-7f3b")))).toBe(false);
    expect(secret().isSame(SecretValue.of(Buffer.from("canary-7f3")))).toBe(false);
  });
});

test("reveal gives a copy, wipe overwrites the bytes and ends it", () => {
  const bytes = Buffer.from(PLAIN);
  const value = SecretValue.of(bytes);
  const revealed = value.reveal("apply");
  expect(Buffer.from(revealed).toString()).toBe(PLAIN);
  revealed.fill(0);
  expect(Buffer.from(value.reveal("apply")).toString()).toBe(PLAIN);
  value.wipe();
  expect(bytes.every((byte) => byte === 0)).toBe(true);
  expect(() => value.reveal("apply")).toThrow("the secret value has been wiped");
  value.wipe();
});

test("nothing can be changed on it", () => {
  const value = secret();
  expect(() => Object.assign(value, { toString: () => "x" })).toThrow(TypeError);
});
