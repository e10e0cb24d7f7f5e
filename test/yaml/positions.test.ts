import { describe, expect, it } from "vitest";
import { PyDict, str, type Value } from "../../src/python/index.ts";
import { loadKubernetes, loadSalt, type DataPositions } from "../../src/yaml/index.ts";

/** Every entry's path with the places of key and value. */
function places(value: Value, positions: DataPositions, path = "", seen = new Set<Value>()): string[] {
  if ((!Array.isArray(value) && !(value instanceof PyDict)) || seen.has(value)) return [];
  seen.add(value);
  const entries: Iterable<readonly [Value, Value]> = Array.isArray(value) ? value.entries() : value.entries();
  const out: string[] = [];
  for (const [key, item] of entries) {
    const at = positions.at(value, key);
    const valueAt = positions.valueAt(value, key);
    out.push(`${path}/${str(key)} ${at?.line}:${at?.column} ${valueAt?.line}:${valueAt?.column}`);
    out.push(...places(item, positions, `${path}/${str(key)}`, seen));
  }
  return out;
}

describe("every entry has its place", () => {
  it("in an SLS", () => {
    const text = "# c\nnginx:\n  pkg.installed:\n  - name: 'n'\n  - pkgs: [a, {b: c}]\n? x\n: |\n  text\n🧂: [é, ü]\n";
    const { value, positions } = loadSalt(text, { file: "a.sls", positions: true });
    expect(places(value, positions)).toEqual([
      "/nginx 2:1 3:3",
      "/nginx/pkg.installed 3:3 4:3",
      "/nginx/pkg.installed/0 4:5 4:5",
      "/nginx/pkg.installed/0/name 4:5 4:11",
      "/nginx/pkg.installed/1 5:5 5:5",
      "/nginx/pkg.installed/1/pkgs 5:5 5:11",
      "/nginx/pkg.installed/1/pkgs/0 5:12 5:12",
      "/nginx/pkg.installed/1/pkgs/1 5:15 5:15",
      "/nginx/pkg.installed/1/pkgs/1/b 5:16 5:19",
      "/x 6:3 7:3",
      "/🧂 9:1 9:4",
      "/🧂/0 9:5 9:5",
      "/🧂/1 9:8 9:8",
    ]);
  });

  it("a merged entry stands where it was written", () => {
    const { value, positions } = loadSalt("a: &a\n  x: 1\nb:\n  <<: *a\n  y: 2\n", { file: "a.sls", positions: true });
    expect(places(value, positions)).toEqual(["/a 1:1 1:4", "/a/x 2:3 2:6", "/b 3:1 4:3", "/b/x 2:3 2:6", "/b/y 5:3 5:6"]);
  });

  it("in the documents of a manifest", () => {
    const documents = loadKubernetes("kind: A\n---\n# c\nkind: B\nspec:\n- port: 80\n  0644: y\nmerged:\n  <<: &m {p: q}\n  r: *m\n", {
      file: "a.yaml",
    });
    expect(documents.map(({ line }) => line)).toEqual([1, 4]);
    expect(documents.map(({ value, positions }) => places(value, positions))).toEqual([
      ["/kind 1:1 1:7"],
      [
        "/kind 4:1 4:7",
        "/spec 5:1 6:1",
        "/spec/0 6:3 6:3",
        "/spec/0/port 6:3 6:9",
        "/spec/0/420 7:3 7:9",
        "/merged 8:1 9:3",
        "/merged/p 9:11 9:14",
        "/merged/r 10:3 10:6",
        "/merged/r/p 9:11 9:14",
      ],
    ]);
  });

  it("not asked for, nothing is known", () => {
    const { value, positions } = loadSalt("a: 1\n", { file: "a.sls" });
    expect(positions.at(value as PyDict, "a")).toBeUndefined();
  });
});
