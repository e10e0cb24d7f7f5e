import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyChanges } from "../../src/diff/apply.ts";
import { compareValues } from "../../src/diff/compare.ts";
import { jsonText } from "../../src/diff/json.ts";
import { equalJson, type Json } from "../../src/json/index.ts";
import { maskObject } from "../../src/diff/mask.ts";
import { printPath } from "../../src/diff/print-path.ts";
import { freeShape, type Shape } from "../../src/diff/shape.ts";
import { anyJson, anyObject, editedPair, someShape } from "./random-objects.ts";

function plain(value: Json): { readonly raw: Json; readonly shown: Json } {
  return { raw: value, shown: value };
}

function expectApplies(before: Json, after: Json, shape: Shape): void {
  const changes = compareValues(plain(before), plain(after), shape);
  const made = applyChanges(before, changes);
  if (!equalJson(made, after)) expect(jsonText(made, { sorted: true, indent: " " })).toBe(jsonText(after, { sorted: true, indent: " " }));
}

describe("compareValues and applyChanges", () => {
  it("find nothing between a value and itself", () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(compareValues(plain(value), plain(structuredClone(value)), someShape)).toStrictEqual([]);
      }),
    );
  });

  it("make exactly the second of the first, over random edits", () => {
    fc.assert(
      fc.property(editedPair, fc.boolean(), ([before, after], free) => expectApplies(before, after, free ? freeShape : someShape)),
      {
        numRuns: 3000,
      },
    );
  });

  it("make exactly the second of the first, over unrelated objects", () => {
    fc.assert(
      fc.property(anyObject, anyObject, (before, after) => expectApplies(before, after, someShape)),
      { numRuns: 1000 },
    );
  });

  it("find something wherever something differs, also when that is masked", () => {
    fc.assert(
      fc.property(editedPair, ([before, after]) => {
        const secret = (data: Json): { readonly raw: Json; readonly shown: Json } => {
          const raw: Json = { apiVersion: "v1", kind: "Secret", data: { value: jsonText(data) } };
          return { raw, shown: maskObject(raw) };
        };
        const changes = compareValues(secret(before), secret(after));
        expect(changes.length > 0).toBe(jsonText(before) !== jsonText(after));
        expect(applyChanges(secret(before).shown, changes)).toStrictEqual(secret(after).shown);
      }),
    );
  });
});

describe("compareValues", () => {
  const of = (before: Json, after: Json, shape: Shape = someShape): string[] =>
    compareValues(plain(before), plain(after), shape).map(
      (change) => `${change.op} ${printPath(change.path)}${change.same === undefined ? "" : ` (${change.same})`}`,
    );

  it.each<readonly [string, Json, Json, readonly string[]]>([
    [
      "an item by its merge key",
      { list: [{ name: "a", x: 1 }, { name: "b" }] },
      { list: [{ name: "b" }, { name: "a", x: 2 }] },
      ["replace list[a].x", "order list (order)"],
    ],
    [
      "ports by both keys",
      { map: [{ port: 53, protocol: "UDP" }, { port: 53 }] },
      { map: [{ port: 53, protocol: "UDP", name: "dns" }, { port: 53 }] },
      ["add map[port=53, protocol=UDP].name"],
    ],
    [
      "a default merge key",
      { map: [{ port: 53 }] },
      { map: [{ port: 53, protocol: "TCP" }] },
      ["add map[port=53, protocol=TCP].protocol (default)"],
    ],
    ["equal quantities", { value: "1000m" }, { value: 1 }, ["replace value (quantity)"]],
    ["other quantities", { value: "1000m" }, { value: "2" }, ["replace value"]],
    ["a renamed key", { data: { "a.conf": "some content" } }, { data: { "b.conf": "some content" } }, ['rename data["a.conf"]']],
    ["values equal by chance", { data: { a: "1" } }, { data: { b: "1" } }, ["remove data.a", "add data.b"]],
    ["an item of a list without keys", { args: ["--a", "--b", "--c"] }, { args: ["--a", "--c", "--d"] }, ["items args"]],
    [
      "what changed within such an item",
      {
        rules: [
          { name: "x", a: 1 },
          { name: "y", a: 1 },
        ],
      },
      { rules: [{ name: "z" }, { name: "x", a: 1 }, { name: "y", a: 2 }] },
      ["items rules", "replace rules[2].a"],
    ],
    [
      "the order in a pod template",
      { template: { list: [{ name: "a" }, { name: "b" }] } },
      { template: { list: [{ name: "b" }, { name: "a" }] } },
      ["order template.list"],
    ],
    ["a set", { set: ["a", "b"] }, { set: ["b", "c"] }, ["remove set[a]", "add set[c]"]],
    [
      "a checksum",
      { annotations: { "checksum/config": "0123456789abcdef" } },
      { annotations: { "checksum/config": "fedcba9876543210" } },
      ['replace annotations["checksum/config"] (checksum)'],
    ],
    [
      "a word that is no checksum",
      { annotations: { "checksum/config": "on" } },
      { annotations: { "checksum/config": "off" } },
      ['replace annotations["checksum/config"]'],
    ],
    [
      "a generated label",
      { labels: { "helm.sh/chart": "a-1.0" } },
      { labels: { "helm.sh/chart": "a-1.1" } },
      ['replace labels["helm.sh/chart"] (generated)'],
    ],
    [
      "the label of a version",
      { labels: { "app.kubernetes.io/version": "v1" } },
      { labels: { "app.kubernetes.io/version": "v2" } },
      ['replace labels["app.kubernetes.io/version"] (generated)'],
    ],
    [
      "two items with one key",
      {
        list: [
          { name: "a", x: 1 },
          { name: "a", x: 2 },
        ],
      },
      { list: [{ name: "a", x: 2 }] },
      ["items list"],
    ],
  ])("tells %s", (_what, before, after, expected) => expect(of(before, after)).toStrictEqual(expected));
});
