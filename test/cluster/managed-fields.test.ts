import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { firstDifference, FIELD_MANAGER, handedBack, handedOver, keptByOthers, needsHandover } from "../../src/cluster/managed-fields.ts";
import type { JsonObject, KubernetesObject } from "../../src/kubernetes/index.ts";

type Leaf = string | number | boolean;
interface Tree {
  [key: string]: Leaf | Tree;
}

/** The set that the server writes down for an apply of maps and scalars. */
function fieldsOf(tree: Tree): JsonObject {
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [`f:${key}`, typeof value === "object" ? fieldsOf(value) : {}]));
}

function isTree(value: Leaf | Tree | undefined): value is Tree {
  return typeof value === "object";
}

/** What is there after others have added their fields. */
function merged(ours: Tree, theirs: Tree): Tree {
  const all: Tree = { ...theirs, ...ours };
  for (const [key, value] of Object.entries(theirs)) {
    const own = ours[key];
    if (isTree(value) && isTree(own)) all[key] = merged(own, value);
  }
  return all;
}

function live(spec: Tree, owned: Tree, more: Partial<KubernetesObject["metadata"]> = {}): KubernetesObject {
  const managedFields = [{ manager: FIELD_MANAGER, operation: "Apply", apiVersion: "v1", fieldsV1: { "f:spec": fieldsOf(owned) } }];
  return { apiVersion: "v1", kind: "Thing", metadata: { name: "x", managedFields, ...more }, spec };
}

const leaf = fc.oneof(fc.string({ maxLength: 3 }), fc.integer({ min: 0, max: 3 }), fc.boolean());
const key = fc.constantFrom("a", "b", "c", "d", "e");
const { tree } = fc.letrec<{ tree: Tree; value: Leaf | Tree }>((tie) => ({
  tree: fc.dictionary(key, tie("value"), { minKeys: 1, maxKeys: 4 }),
  value: fc.oneof({ depthSize: "small" }, leaf, tie("tree")),
}));

describe("whether an object is as its manifest says, by the managed fields alone", () => {
  test("after an apply it is, whatever others have added", () => {
    fc.assert(
      fc.property(tree, tree, (ours, theirs) => {
        const manifest: KubernetesObject = { apiVersion: "v1", kind: "Thing", metadata: { name: "x" }, spec: ours };
        // Where another has a map and we a scalar, ours is what counts.
        expect(firstDifference(manifest, live(merged(ours, theirs), ours))).toBeUndefined();
      }),
    );
  });

  test("a manifest that differs in anything is never taken for the same", () => {
    fc.assert(
      fc.property(tree, tree, tree, (applied, wanted, theirs) => {
        fc.pre(JSON.stringify(applied) !== JSON.stringify(wanted));
        const manifest: KubernetesObject = { apiVersion: "v1", kind: "Thing", metadata: { name: "x" }, spec: wanted };
        const same = firstDifference(manifest, live(merged(applied, theirs), applied)) === undefined;
        if (same) expect(sorted(wanted)).toEqual(sorted(applied));
      }),
    );
  });

  test("a list by keys: others' items between ours do not count, ours in another order do", () => {
    const item = (name: string, image: string): { name: string; image: string } => ({ name, image });
    const owned = {
      "f:spec": {
        "f:containers": Object.fromEntries(["a", "b"].map((name) => [`k:{"name":"${name}"}`, { ".": {}, "f:name": {}, "f:image": {} }])),
      },
    };
    const object = (containers: readonly object[]): KubernetesObject => ({
      apiVersion: "v1",
      kind: "Thing",
      metadata: { name: "x", managedFields: [{ manager: FIELD_MANAGER, operation: "Apply", apiVersion: "v1", fieldsV1: owned }] },
      spec: { containers: containers as readonly { name: string; image: string }[] },
    });
    const manifest: KubernetesObject = {
      apiVersion: "v1",
      kind: "Thing",
      metadata: { name: "x" },
      spec: { containers: [item("a", "1"), item("b", "1")] },
    };
    expect(firstDifference(manifest, object([item("side", "9"), item("a", "1"), item("mid", "9"), item("b", "1")]))).toBeUndefined();
    expect(firstDifference(manifest, object([item("b", "1"), item("a", "1")]))).toBe("spec.containers");
    expect(firstDifference(manifest, object([item("a", "2"), item("b", "1")]))).toBe("spec.containers[name=a].image");
    expect(firstDifference(manifest, object([item("a", "1")]))).toBe("spec.containers");
  });

  test("an object that Halite never applied, or in another version, differs", () => {
    const manifest: KubernetesObject = { apiVersion: "v1", kind: "Thing", metadata: { name: "x" }, spec: { a: 1 } };
    expect(firstDifference(manifest, { ...live({ a: 1 }, { a: 1 }), metadata: { name: "x" } })).toBe("metadata.managedFields");
    expect(firstDifference({ ...manifest, apiVersion: "v2" }, live({ a: 1 }, { a: 1 }))).toBe("apiVersion");
  });
});

describe("taking over from client-side apply, and handing back", () => {
  const clientSide = (fields: Tree): object => ({
    manager: "kubectl-client-side-apply",
    operation: "Update",
    apiVersion: "v1",
    fieldsV1: { "f:spec": { ".": {}, ...fieldsOf(fields) } },
  });
  const taken = (theirs: Tree, others: Tree, annotations?: Record<string, string>): KubernetesObject => ({
    apiVersion: "v1",
    kind: "Thing",
    metadata: {
      name: "x",
      ...(annotations === undefined ? {} : { annotations }),
      managedFields: [
        clientSide(theirs),
        { manager: "controller", operation: "Update", apiVersion: "v1", fieldsV1: { "f:spec": fieldsOf(others) } },
      ] as NonNullable<KubernetesObject["metadata"]["managedFields"]>,
    },
  });
  const applied = (ours: Tree): NonNullable<KubernetesObject["metadata"]["managedFields"]> => [
    { manager: FIELD_MANAGER, operation: "Apply", apiVersion: "v1", fieldsV1: { "f:spec": fieldsOf(ours) } },
  ];
  const leavesOf = (fields: object, path = ""): string[] =>
    Object.entries(fields).flatMap(([name, below]) =>
      name === "." ? [] : Object.keys(below as object).length === 0 ? [`${path}/${name}`] : leavesOf(below as object, `${path}/${name}`),
    );

  test("each field that client-side apply held has exactly one holder after it: Halite where the manifest has it, else who had it", () => {
    fc.assert(
      fc.property(tree, tree, tree, (theirs, ours, others) => {
        const object = taken(theirs, others);
        const after = handedOver(object, applied(ours));
        const held = (manager: string): Set<string> =>
          new Set(after.filter((entry) => entry.manager === manager).flatMap((entry) => leavesOf(entry.fieldsV1 ?? {})));
        const manifest = new Set(leavesOf({ "f:spec": fieldsOf(ours) }));
        for (const field of leavesOf({ "f:spec": fieldsOf(theirs) })) {
          if (manifest.has(field)) {
            expect(held(FIELD_MANAGER).has(field)).toBe(true);
            expect(held("kubectl-client-side-apply").has(field)).toBe(false);
          } else if (![...manifest].some((each) => each.startsWith(`${field}/`))) {
            const below = [...manifest].some((each) => field.startsWith(`${each}/`));
            if (!below) expect(held("kubectl-client-side-apply").has(field)).toBe(true);
          }
        }
        // Nobody else's is touched.
        expect(after.find((entry) => entry.manager === "controller")?.fieldsV1).toEqual({ "f:spec": fieldsOf(others) });
        // Halite takes nothing that the manifest does not have.
        for (const field of held(FIELD_MANAGER))
          expect(manifest.has(field) || [...manifest].some((each) => each.startsWith(field))).toBe(true);
      }),
    );
  });

  test("it is needed once: of what Halite has applied already nothing is taken from anybody", () => {
    expect(needsHandover(taken({ a: 1 }, {}))).toBe(true);
    const own = live({ a: 1 }, { a: 1 });
    const both: KubernetesObject = {
      ...own,
      metadata: { ...own.metadata, managedFields: [...(own.metadata.managedFields ?? []), clientSide({ a: 1 }) as never] },
    };
    expect(needsHandover(both)).toBe(false);
  });

  test("only what somebody gave to client-side apply is told to stay, not what the server filled in", () => {
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify({ spec: { extra: 1, kept: 1 } }) };
    expect(keptByOthers(taken({ kept: 1, extra: 1, defaulted: 1 }, {}, annotations), applied({ kept: 1 }))).toEqual(["spec.extra"]);
  });

  test("handed back, Halite holds nothing", () => {
    expect(handedBack(live({ a: 1 }, { a: 1 }))).toEqual([
      expect.objectContaining({ manager: "kubectl-client-side-apply", operation: "Update", fieldsV1: { "f:spec": { "f:a": {} } } }),
    ]);
  });
});

function sorted(value: Leaf | Tree): unknown {
  return isTree(value)
    ? Object.fromEntries(
        Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, each]) => [name, sorted(each)]),
      )
    : value;
}
