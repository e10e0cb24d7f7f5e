import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { diffHtml } from "../../src/diff/format/html.ts";
import { diffJson } from "../../src/diff/format/json.ts";
import { diffMarkdown, MARKDOWN_LIMIT } from "../../src/diff/format/markdown.ts";
import { diffText } from "../../src/diff/format/text.ts";
import { addon, cluster, compare } from "./sides.ts";
import { richDiff } from "./rich-fleet.ts";

const plain = (_colour: string, text: string): string => text;
const GOLDEN = "golden";

describe("text", () => {
  it("as golden/diff.txt", () =>
    expect(diffText(richDiff(), { paint: plain, width: 80, full: false })).toMatchFileSnapshot(`${GOLDEN}/diff.txt`));
  it("in full", () => expect(diffText(richDiff(), { paint: plain, width: 80, full: true })).toMatchFileSnapshot(`${GOLDEN}/diff-full.txt`));
  it("keeps to the width", () => {
    for (const width of [40, 60, 100]) {
      for (const line of diffText(richDiff(), { paint: plain, width, full: false }).split("\n")) {
        // A name or word that is longer than the line stays whole.
        if (line.startsWith("  ") && line.trim().includes(" "))
          expect(Array.from(line).length, line).toBeLessThanOrEqual(Math.max(width, ...line.split(" ").map((word) => word.length + 4)));
      }
    }
  });
  it("cuts a commit's subject, and gives an addon a line of its own where it has no room", () => {
    const subject = `What was before \u001b[2J${"and more of it ".repeat(10)}`;
    const base = { kind: "commit", name: "main", commit: "0".repeat(40), subject } as const;
    const rich = richDiff();
    const text = diffText({ ...rich, base }, { paint: plain, width: 50, full: false });
    expect(text.split("\n")[0]).toMatch(/^base {2}main 000000000000 .*…$/);
    // A name is never cut: somebody copies it.
    for (const line of text.split("\n")) if (line.length > 50) expect(line.trim().split(/ +/).length, line).toBeLessThanOrEqual(3);
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    expect(diffText({ ...rich, base }, { paint: plain, width: 50, full: true })).not.toMatch(/\u001b/);
    expect(diffText(rich, { paint: plain, width: 24, full: false })).toMatch(/^ +of csi$/m);
  });
  it("shows nothing that does something to a terminal", () => {
    const config = (value: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: n}\ndata: {k: "${value}"}\n`;
    const [one, two] = ["a", "\\e[2J\\x9b\\u202e"].map((value) => cluster("c", [addon("a", { "f.yaml": config(value) })]));
    if (one === undefined || two === undefined) throw new Error("two sides");
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    expect(diffText(compare([one], [two]), { paint: plain, width: 80, full: true })).not.toMatch(
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/,
    );
  });
});

describe("Markdown", () => {
  it("as golden/diff.md", () => expect(diffMarkdown(richDiff())).toMatchFileSnapshot(`${GOLDEN}/diff.md`));
  it("never has more characters than it may, and says what it leaves out", () => {
    const side = (value: string): ReturnType<typeof cluster> =>
      cluster("c", [
        addon(
          "a",
          Object.fromEntries(
            Array.from({ length: 300 }, (_, index) => [
              `f${index}.yaml`,
              `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x${index}, namespace: n}\ndata:\n  text: |\n${`    ${value}${index} ${"filler ".repeat(12)}\n`.repeat(30)}`,
            ]),
          ),
        ),
      ]);
    const diff = compare([side("one")], [side("two")]);
    for (const limit of [2000, 10_000, MARKDOWN_LIMIT]) {
      const text = diffMarkdown(diff, limit);
      expect(text.length).toBeLessThanOrEqual(limit);
      const [, left = ""] = /\*\*and (\d+) more changes\*\*, left out since a comment has a bound/.exec(text) ?? [];
      const shown = text.split("<details>").length - 1;
      expect(text.split("</details>").length - 1).toBe(shown);
      // The number is that of those that are not there.
      expect([shown + Number(left), shown > 0 || limit === 2000]).toStrictEqual([300, true]);
    }
  });
  it("leaves no way out of it for what is in objects", () => {
    const text = diffMarkdown(richDiff());
    expect(text.replaceAll(/^```+diff$.*?^```+$/gms, "")).not.toMatch(/<b>/);
  });
});

describe("page", () => {
  it("as golden/diff.html", () => expect(diffHtml(richDiff())).toMatchFileSnapshot(`${GOLDEN}/diff.html`));
  it("loads nothing", () => expect(diffHtml(richDiff())).not.toMatch(/(?:src|href)="(?!#)|url\(|@import/));
});

describe("JSON", () => {
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  const validate = ajv.compile(JSON.parse(readFileSync(new URL("../../schemas/diff.json", import.meta.url), "utf8")));
  it("is as its schema says", () => {
    expect([validate(JSON.parse(diffJson(richDiff()))), validate.errors]).toStrictEqual([true, null]);
  });
  it("as golden/diff.json", () => expect(diffJson(richDiff())).toMatchFileSnapshot(`${GOLDEN}/diff.json`));
});

describe("secrets", () => {
  it("are in no format", () => {
    const diff = richDiff();
    const all = [diffText(diff, { paint: plain, width: 80, full: true }), diffMarkdown(diff), diffHtml(diff), diffJson(diff)].join("\n");
    expect(all).not.toMatch(/bmV3|b2xk/);
    expect(all).toContain("Secret csi/key");
  });
});
