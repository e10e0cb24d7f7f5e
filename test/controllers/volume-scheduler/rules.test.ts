import { describe, expect, test } from "vitest";
import { bytesOf, sizeText } from "../../../src/controllers/volume-scheduler/quantity.ts";
import { apart, rulesOf, type Member } from "../../../src/controllers/volume-scheduler/rules.ts";

const P = "storage.halite.dev/";

describe("rules of a claim", () => {
  test.each([
    { annotations: {}, rules: { required: [], preferred: [], scope: "namespace", placement: "spread" } },
    { annotations: { [`${P}anti-affinity`]: "app" }, rules: { required: [["app"]] } },
    { annotations: { [`${P}anti-affinity`]: " app , type+app,type+type " }, rules: { required: [["app"], ["app", "type"], ["type"]] } },
    { annotations: { [`${P}anti-affinity`]: "app.kubernetes.io/name" }, rules: { required: [["app.kubernetes.io/name"]] } },
    { annotations: { [`${P}anti-affinity-preferred`]: "type" }, rules: { preferred: [["type"]] } },
    { annotations: { [`${P}anti-affinity-scope`]: "cluster" }, rules: { scope: "cluster" } },
    { annotations: { [`${P}placement`]: "pack" }, rules: { placement: "pack" } },
    { annotations: { [`${P}required-media`]: "nvme, ssd" }, rules: { media: ["nvme", "ssd"] } },
    { annotations: {}, labels: { [`${P}anti-affinity-group`]: "web" }, rules: { required: [[`${P}anti-affinity-group`]] } },
    {
      annotations: {},
      labels: { [`${P}anti-affinity-group-preferred`]: "web" },
      rules: { preferred: [[`${P}anti-affinity-group-preferred`]] },
    },
    { annotations: {}, defaults: { [`${P}anti-affinity`]: "app" }, rules: { required: [["app"]] } },
    { annotations: { [`${P}anti-affinity`]: "" }, defaults: { [`${P}anti-affinity`]: "app" }, rules: { required: [] } },
  ])("$annotations $labels $defaults", ({ annotations, labels = {}, defaults = {}, rules }) => {
    expect(rulesOf(annotations as never, labels as never, defaults as never)).toMatchObject({ rules });
  });

  test.each([
    { annotations: { [`${P}anti-affinity`]: "app=web" }, wrong: '"app=web" is no label\'s key' },
    { annotations: { [`${P}anti-affinity`]: "app++x" }, wrong: '"" is no label\'s key' },
    { annotations: { [`${P}placement`]: "packed" }, wrong: '"packed", not spread or pack' },
    { annotations: { [`${P}required-media`]: "floppy" }, wrong: '"floppy" is not ssd, hdd or nvme' },
    { annotations: { [`${P}anti-affinity-scope`]: "zone" }, wrong: "not namespace or cluster" },
  ])("what can't be read is said: $annotations", ({ annotations, wrong }) => {
    expect(rulesOf(annotations as never, {}, {})).toEqual({ wrong: expect.stringContaining(wrong) });
  });

  const member = (
    labels: Record<string, string>,
    required: string[][] = [],
    namespace = "a",
    scope: "namespace" | "cluster" = "namespace",
  ): Member => ({
    namespace,
    labels,
    rules: { required, preferred: [], scope },
  });
  test.each([
    { what: "the same value", a: member({ app: "x" }, [["app"]]), b: member({ app: "x" }), apart: ["app"] },
    { what: "it holds both ways", a: member({ app: "x" }), b: member({ app: "x" }, [["app"]]), apart: ["app"] },
    { what: "another value", a: member({ app: "x" }, [["app"]]), b: member({ app: "y" }), apart: undefined },
    { what: "no such label", a: member({}, [["app"]]), b: member({}), apart: undefined },
    { what: "another namespace", a: member({ app: "x" }, [["app"]]), b: member({ app: "x" }, [], "b"), apart: undefined },
    { what: "the whole cluster", a: member({ app: "x" }, [["app"]], "a", "cluster"), b: member({ app: "x" }, [], "b"), apart: ["app"] },
    {
      what: "all labels of a term",
      a: member({ app: "x", type: "log" }, [["app", "type"]]),
      b: member({ app: "x", type: "data" }),
      apart: undefined,
    },
    {
      what: "one of several terms",
      a: member({ app: "x", type: "log" }, [["app"], ["type"]]),
      b: member({ app: "z", type: "log" }),
      apart: ["type"],
    },
  ])("two claims: $what", ({ a, b, apart: expected }) => {
    expect(apart("required", a, b)).toEqual(expected);
  });
});

describe("quantities", () => {
  test.each([
    ["1", 1],
    ["10Gi", 10 * 2 ** 30],
    ["1.5Ti", 1.5 * 2 ** 40],
    ["100m", 1],
    ["2k", 2000],
    ["1e3", 1000],
    ["1E3", 1000],
    ["12E", 12e18],
    [5, 5],
    ["", undefined],
    ["ten", undefined],
    ["-1", undefined],
    ["1Kib", undefined],
  ])("%s is %s", (text, bytes) => expect(bytesOf(text)).toBe(bytes));

  test("and back, for people", () => expect([1, 1536, 10 * 2 ** 30, 2 ** 50].map(sizeText)).toEqual(["1", "1.5Ki", "10Gi", "1Pi"]));
});
