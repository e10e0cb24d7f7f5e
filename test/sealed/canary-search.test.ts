import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { CanarySearch, leaksText, plantCanaries, ProcessWatch } from "./canary-search.ts";

const { one, other } = plantCanaries("one", "other");
const search = new CanarySearch([one, other]);
const folder = mkdtempSync(join(tmpdir(), "halite-canary-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { value } = one;
const bytes = Buffer.from(value);
const reversed = (text: string): string => Array.from(text).reverse().join("");
const base64 = (text: string): string => Buffer.from(text).toString("base64");
/** A text broken into lines of so many characters. */
const folded = (text: string, every: number, by: string): string => text.replaceAll(new RegExp(`.{${every}}`, "g"), `$&${by}`);

/** A canary in each form that the search knows. */
const FORMS: Readonly<Record<string, string>> = {
  plain: value,
  "base64 alone": base64(value),
  "base64 behind one byte": base64(`x${value}y`),
  "base64 behind two bytes": base64(`xy${value}z`),
  "base64 behind three bytes": base64(`xyz${value}zz`),
  "base64 of the URL alphabet": Buffer.from(`?${value}`).toString("base64url"),
  hexadecimal: bytes.toString("hex"),
  "hexadecimal in upper case": bytes.toString("hex").toUpperCase(),
  "percent encoding": encodeURIComponent(value),
  "percent encoding of every byte": [...bytes].map((byte) => `%${byte.toString(16).toUpperCase()}`).join(""),
  backwards: reversed(value),
  "base64 backwards": reversed(base64(value)),
  "its first half": value.slice(0, (value.length >> 1) + 1),
  "its second half in base64": base64(value.slice(value.length >> 1)),
  "lines of eight": folded(value, 8, "\n"),
  "lines of base64": folded(base64(value), 10, "\n    "),
  "lines of hexadecimal": folded(bytes.toString("hex"), 16, "\r\n\t"),
  "a folded scalar of YAML": `key: "${folded(value, 9, "\\\n      ")}"`,
  "a plain scalar of YAML": `key: ${folded(value, 9, "\n      ")}`,
  "a text in JSON with line ends": JSON.stringify(folded(value, 9, "\n")),
  "texts that are joined": folded(value, 9, '" + "'),
  "the lines of a diff": folded(value, 9, "\n+ "),
};

describe("the search finds a planted leak", () => {
  test.each(Object.entries(FORMS))("%s", (_form, text) => {
    const found = search.text("here", `before ${text} behind`);
    expect(found.map(({ source }) => source)).toContain("one");
    expect(found.map(({ source }) => source)).not.toContain("other");
  });

  test("wherever it stands, in whatever is round it (property)", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.constantFrom(...Object.values(FORMS).filter((text) => !/["\\]/.test(text))),
        (before, behind, form) => {
          expect(search.text("here", `${before} ${form} ${behind}`).length).toBeGreaterThan(0);
          expect(search.text("here", base64(before + value + behind)).length).toBeGreaterThan(0);
        },
      ),
    );
  });

  test("and nothing where there is none", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 400 }), (text) => {
        expect(search.text("here", `${text}cNRyZq7+x9Kf3Lw8Vb`)).toEqual([]);
      }),
    );
  });

  test("in files, names of files, links, and what is compressed", () => {
    const top = join(folder, "tree");
    mkdirSync(join(top, "a/b"), { recursive: true });
    writeFileSync(join(top, "a/plain.txt"), value);
    writeFileSync(join(top, "a/b/packed.gz"), gzipSync(value));
    writeFileSync(join(top, "a/b/object"), deflateSync(`blob 9\0${base64(value)}`));
    writeFileSync(join(top, `a/${bytes.toString("hex")}`), "");
    symlinkSync(encodeURIComponent(value), join(top, "a/link"));
    writeFileSync(join(top, "left-out"), value);
    const places = search.folder(top, (path) => path === "left-out").map(({ place }) => place);
    expect(new Set(places)).toEqual(
      new Set(["a/plain.txt", "a/b/packed.gz (decompressed)", "a/b/object (decompressed)", `name of a/${bytes.toString("hex")}`, "a/link"]),
    );
  });

  test("in objects of git: loose, packed as deltas, and such that nothing reaches", async () => {
    const repository = join(folder, "repository");
    const git = (...args: string[]): string =>
      execFileSync("git", ["-C", repository, "-c", "user.name=x", "-c", "user.email=x@y", ...args], { encoding: "utf8" });
    mkdirSync(repository);
    git("init", "-q");
    const long = Array.from({ length: 500 }, (_, line) => `line ${line}\n`).join("");
    writeFileSync(join(repository, "file"), long);
    git("add", ".");
    git("commit", "-qm", "before");
    const gitDir = join(repository, ".git");
    expect(await search.repository(gitDir)).toEqual([]);
    writeFileSync(join(repository, "file"), `${long}${value}\n`);
    git("commit", "-qam", "with");
    expect(leaksText(await search.repository(gitDir))).toContain("canary of one");
    // Nothing of it is to be seen in the bytes of the pack.
    git("gc", "-q", "--aggressive", "--prune=now");
    expect(search.folder(join(gitDir, "objects"))).toEqual([]);
    expect(leaksText(await search.repository(gitDir))).toContain("canary of one");
    git("reset", "-q", "--hard", "HEAD~1");
    expect(leaksText(await search.repository(gitDir))).toContain("canary of one");
    git("commit", "-q", "--allow-empty", "-m", `message with ${other.value}`);
    expect(leaksText(await search.repository(gitDir))).toContain("canary of other");
  });

  test.runIf(process.platform === "linux")("in arguments and in the environment of processes that run", async () => {
    for (const [args, env] of [
      [["-", base64(value)], {}],
      [["-"], { TOKEN: value }],
    ] as const) {
      const watch = new ProcessWatch(search);
      // Alive until its input ends.
      const child = spawn("sh", ["-c", "read line", ...args], {
        stdio: ["pipe", "ignore", "ignore"],
        env: { PATH: process.env["PATH"], ...env },
      });
      const closed = new Promise((resolve) => {
        child.once("close", resolve);
      });
      await new Promise((resolve) => {
        child.once("spawn", resolve);
      });
      const from = watch.looks;
      await new Promise<void>((resolve) => {
        const timer = setInterval(() => {
          if (watch.looks < from + 2) return;
          clearInterval(timer);
          resolve();
        }, 1);
      });
      child.stdin.end("\n");
      await closed;
      expect(leaksText(watch.end())).toContain("canary of one in");
    }
  });
});
