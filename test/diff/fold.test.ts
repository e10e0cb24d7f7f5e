import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyChanges } from "../../src/diff/apply.ts";
import type { FleetDiff } from "../../src/diff/fleet-diff.ts";
import { diffJson } from "../../src/diff/format/json.ts";
import { jsonText } from "../../src/diff/json.ts";
import { equalJson, type Json } from "../../src/json/index.ts";
import type { FieldChange, ObjectRef } from "../../src/diff/model.ts";
import type { SideAddon, SideCluster } from "../../src/diff/side.ts";
import { placesOf } from "../../src/diff/format/overview.ts";
import { addon, cluster, compare, compareTexts, failed } from "./sides.ts";

const config = (name: string, data: string, more = ""): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: n${more}}\ndata: ${data}\n`;

describe("clusters", () => {
  it("show the same change once, with where it is not", () => {
    const ids = Array.from({ length: 50 }, (_, index) => `c${String(index).padStart(2, "0")}`);
    const fleet = (value: (id: string) => string): SideCluster[] =>
      ids.map((id) => cluster(id, [addon("a", { "f.yaml": config("x", `{k: ${value(id)}}`) })]));
    const diff = compare(
      fleet(() => "old"),
      fleet((id) => (["c07", "c08", "c09"].includes(id) ? "old" : "new")),
    );
    expect(diff.changes).toHaveLength(1);
    const [change] = diff.changes;
    expect(change === undefined ? "" : placesOf(change, 3)).toBe("in 47 of 50 clusters; not in: c07, c08, c09");
    expect(diff.clusters.changed).toHaveLength(47);
  });
  it("show changes apart whose values are others", () => {
    const fleet = (...values: readonly string[]): SideCluster[] =>
      values.map((value, index) => cluster(`c${index}`, [addon("a", { "f.yaml": config("x", `{k: ${value}}`) })]));
    expect(compare(fleet("a", "a", "b"), fleet("c", "c", "c")).changes.map(({ clusters }) => clusters)).toStrictEqual([
      ["c0", "c1"],
      ["c2"],
    ]);
  });
  it("show secrets as one change, whatever they hold", () => {
    const secret = (value: string): string => `apiVersion: v1\nkind: Secret\nmetadata: {name: x, namespace: n}\ndata: {k: ${value}}\n`;
    const fleet = (...values: readonly string[]): SideCluster[] =>
      values.map((value, index) => cluster(`c${index}`, [addon("a", { "f.yaml": secret(value) })]));
    const diff = compare(fleet("Y2FuYXJ5MQ==", "Y2FuYXJ5Mg=="), fleet("Y2FuYXJ5Mw==", "Y2FuYXJ5NA=="));
    expect(diff.changes.map(({ clusters }) => clusters)).toStrictEqual([["c0", "c1"]]);
    expect(diffJson(diff)).not.toMatch(/Y2FuYXJ5|canary/);
  });
  it("that come and go are told as such", () => {
    const one = [addon("a", { "f.yaml": config("x", "{}") })];
    const diff = compare([cluster("old", one), cluster("moved", one)], [cluster("new", one), cluster("moved", one, "az2")]);
    expect(diff.clusterChanges.map(({ cluster: id, change, objects }) => [id, change, objects])).toStrictEqual([
      ["old", "removed", 1],
      ["moved", "changed", 1],
      ["new", "added", 1],
    ]);
  });
});

describe("what fails", () => {
  const text = config("x", "{k: a}");
  it("on one side is said and is no deletion", () => {
    for (const [base, head, side] of [
      [addon("a", { "f.yaml": text }), failed("a", "it is broken"), "head"],
      [failed("a", "it is broken"), addon("a", { "f.yaml": text }), "base"],
    ] as const) {
      const diff = compare([cluster("c1", [base])], [cluster("c1", [head])]);
      expect(diff.changes).toStrictEqual([]);
      expect(diff.failures).toStrictEqual([
        { side, addon: "a", why: [{ code: "some-code", message: "it is broken" }], clusters: ["c1"], objects: 1 },
      ]);
    }
  });
  it("as a whole cluster neither", () => {
    const whole = cluster("c1", [addon("a", { "f.yaml": text })]);
    const broken: SideCluster = { id: "c1", az: "az1", kubernetes: "1.36", state: "failed", why: [{ code: "x", message: "no pillar" }] };
    expect(compare([whole], [broken]).changes).toStrictEqual([]);
    expect(compare([whole], [broken]).failures.map(({ addon: name, objects }) => [name, objects])).toStrictEqual([[null, 1]]);
  });
  it("does not hide other addons", () => {
    const base = [addon("a", { "f.yaml": text }), addon("b", { "g.yaml": config("y", "{k: a}") })];
    const head = [failed("a", "it is broken"), addon("b", { "g.yaml": config("y", "{k: b}") })];
    expect(compare([cluster("c1", base)], [cluster("c1", head)]).changes).toHaveLength(1);
  });
});

describe("moves and renames", () => {
  const kinds = (diff: FleetDiff): string[] => diff.changes.map(({ change }) => change.change);
  it("an object in another file, or addon", () => {
    const side = (name: string, file: string): SideCluster => cluster("c1", [addon(name, { [file]: config("x", "{k: a}") })]);
    expect(kinds(compare([side("a", "f.yaml")], [side("a", "g.yaml")]))).toStrictEqual(["moved"]);
    expect(kinds(compare([side("a", "f.yaml")], [side("b", "f.yaml")]))).toStrictEqual(["moved"]);
  });
  it("an object of another name, and in another namespace", () => {
    const data = "{one: some text, two: some other text, three: a third one, four: a fourth}";
    const renamed = compareTexts(config("x", data), config("y", data));
    expect(kinds(renamed)).toStrictEqual(["renamed"]);
    expect(renamed.changes[0]?.dangers[0]?.message).toMatch(/^a rename makes a new object and deletes it/);
    expect(kinds(compareTexts(config("x", data), config("x", data).replace("namespace: n", "namespace: m")))).toStrictEqual(["renamed"]);
  });
  it("a name that ends in a digest, and what refers to it", () => {
    const both = (sum: string, value: string): string =>
      `${config(`conf-${sum}`, `{k: ${value}}`)}---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: d, namespace: n}\nspec:\n  template:\n    spec:\n      containers: [{name: c, image: "i:1"}]\n      volumes: [{name: v, configMap: {name: conf-${sum}}}]\n`;
    const diff = compareTexts(both("5f7d9c2b1a", "one"), both("0a1b2c3d4e", "two"));
    const fields = diff.changes.map(({ change }) => ("fields" in change ? change.fields.map(({ same }) => same ?? "other") : []));
    expect(kinds(diff).toSorted()).toStrictEqual(["changed", "renamed"]);
    expect(fields.toSorted((a, b) => a.length - b.length)).toStrictEqual([["name"], ["name", "other"]]);
    expect(diff.changes.find(({ change }) => change.change === "changed")?.rollout?.kind).toBe("DaemonSet");
    expect(diff.changes.flatMap(({ dangers }) => dangers)).toStrictEqual([]);
  });
  it("not two objects that have little in common", () =>
    expect(kinds(compareTexts(config("x", "{a: one thing}"), config("y", "{b: another}")))).toStrictEqual(["removed", "added"]));
});

/** The objects of a cluster as they are shown, by what they are called. */
function shownObjects(side: SideCluster | undefined): Map<string, { readonly ref: ObjectRef; readonly value: Json }> {
  const addons = side?.state === "compiled" ? side.addons : [];
  const objects = addons.flatMap((each) => (each.state === "complete" ? each.objects : []));
  return new Map(objects.map(({ identity, ref, value }) => [identity, { ref, value: value.shown }]));
}

/** A change as it stands in the JSON. */
type JsonChange = { readonly clusters: readonly string[] } & (
  | { readonly change: "added"; readonly after: ObjectRef; readonly value: Json }
  | { readonly change: "removed"; readonly before: ObjectRef }
  | {
      readonly change: "changed" | "moved" | "renamed";
      readonly before: ObjectRef;
      readonly after: ObjectRef;
      readonly fields: readonly FieldChange[];
    }
);

function identityOf({ apiVersion, kind, namespace, name }: ObjectRef): string {
  return `${apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : ""}/${kind} ${namespace ?? ""}/${name}`;
}

const LISTS = `apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: NAME, namespace: n}\nspec:\n  template:\n    spec:\n      containers:\n`;
const objectText = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("x", "y", "z"),
      fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom("one", "two", "a: 1", "?{sops:f#k;sha256=1}", "long text of its own")),
      fc.constantFrom("n", "m"),
    )
    .map(([name, data, namespace]) => config(name, JSON.stringify(data)).replace("namespace: n", `namespace: ${namespace}`)),
  fc
    .tuple(
      fc.constantFrom("d", "e"),
      fc.uniqueArray(fc.tuple(fc.constantFrom("c1", "c2", "c3"), fc.constantFrom("1", "2"), fc.subarray(["--a", "--b", "--c"])), {
        selector: ([name]) => name,
        minLength: 1,
      }),
    )
    .map(
      ([name, containers]) =>
        LISTS.replace("NAME", name) +
        containers.map(([each, image, args]) => `      - {name: ${each}, image: "i:${image}", args: ${JSON.stringify(args)}}\n`).join(""),
    ),
  fc
    .tuple(fc.constantFrom("s", "t"), fc.constantFrom("one", "two"))
    .map(([name, value]) => `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}, namespace: n}\nstringData: {k: ${value}}\n`),
);
const anySide = fc
  .array(fc.array(fc.tuple(fc.constantFrom("a", "b"), fc.constantFrom("f.yaml", "g.yaml"), objectText), { maxLength: 5 }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((clusters) =>
    clusters.map((objects, index) => {
      const files = new Map<string, Record<string, string>>();
      const seen = new Set<string>();
      for (const [name, file, text] of objects) {
        const identity = /kind: (\w+)\nmetadata: \{name: \w+, namespace: \w+/.exec(text)?.[0] ?? "";
        if (seen.has(identity)) continue;
        seen.add(identity);
        const own = files.get(name) ?? {};
        own[file] = own[file] === undefined ? text : `${own[file]}---\n${text}`;
        files.set(name, own);
      }
      return cluster(
        `c${index}`,
        [...files].map(([name, own]): SideAddon => addon(name, own)),
      );
    }),
  );

describe("the JSON", () => {
  it("is complete: applied to base's objects it gives head's", () => {
    fc.assert(
      fc.property(anySide, anySide, (base, head) => {
        const diff = compare(base, head);
        const parsed: { readonly changes: readonly JsonChange[] } = JSON.parse(diffJson(diff));
        for (const id of new Set([...base, ...head].map((each) => each.id))) {
          const objects = shownObjects(base.find((each) => each.id === id));
          const gone = new Set<string>();
          const come = new Map<string, { readonly ref: ObjectRef; readonly value: Json }>();
          for (const change of parsed.changes.filter(({ clusters }) => clusters.includes(id))) {
            if (change.change === "added") come.set(identityOf(change.after), { ref: change.after, value: change.value });
            else if (change.change === "removed") gone.add(identityOf(change.before));
            else {
              const before = objects.get(identityOf(change.before));
              if (before === undefined) throw new Error(`no ${identityOf(change.before)} in ${id}`);
              gone.add(identityOf(change.before));
              come.set(identityOf(change.after), { ref: change.after, value: applyChanges(before.value, change.fields) });
            }
          }
          for (const each of gone) objects.delete(each);
          for (const [each, object] of come) objects.set(each, object);
          const wanted = shownObjects(head.find((each) => each.id === id));
          expect([...objects.keys()].toSorted()).toStrictEqual([...wanted.keys()].toSorted());
          for (const [key, { ref, value }] of wanted) {
            expect(objects.get(key)?.ref).toStrictEqual(ref);
            if (!equalJson(objects.get(key)?.value, value)) expect(jsonText(objects.get(key)?.value)).toBe(jsonText(value));
          }
        }
      }),
      { numRuns: 150 },
    );
  });
  it("is empty for a fleet and itself", () => {
    fc.assert(
      fc.property(anySide, (side) => {
        const diff = compare(side, side);
        expect([diff.changes, diff.failures, diff.clusterChanges, diff.addonChanges]).toStrictEqual([[], [], [], []]);
      }),
    );
  });
  it("says the other way round what it says one way", () => {
    fc.assert(
      fc.property(anySide, anySide, (base, head) => {
        const count = (diff: FleetDiff, change: string): number =>
          diff.changes.filter((each) => each.change.change === change).reduce((sum, { clusters }) => sum + clusters.length, 0);
        const [there, back] = [compare(base, head), compare(head, base)];
        expect(count(there, "added")).toBe(count(back, "removed"));
        expect(count(there, "removed")).toBe(count(back, "added"));
        expect(count(there, "changed") + count(there, "moved")).toBe(count(back, "changed") + count(back, "moved"));
      }),
    );
  });
});
