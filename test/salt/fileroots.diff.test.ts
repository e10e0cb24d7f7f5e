import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PyDict } from "../../src/python/index.ts";
import { DiskFileRoots, diskOptions, findSaltUrl } from "../../src/salt/fileroots/index.ts";
import { Oracle, oracleIsThere } from "../oracle/oracle.ts";
import { py } from "./render-world.ts";

const FILES = {
  "one/top.sls": "x",
  "one/a/init.sls": "x",
  "one/a/b/c.sls": "one",
  "one/.hidden": "x",
  "one/.git/config": "x",
  "one/a/keep.pyc": "x",
  "one/a/edit.sls~": "x",
  "one/a/.swp/x": "x",
  "one/Z.sls": "x",
  "one/é.sls": "x",
  "one/\u{1f600}.sls": "x",
  "one/\uffee.sls": "x",
  "one/with space.sls": "x",
  "one/q?.sls": "x",
  "two/a/b/c.sls": "two",
  "two/only.sls": "x",
  "dev/only-dev.sls": "x",
  "env-qa/qa.sls": "x",
  "outside/secret": "x",
  "outside/dir/x": "x",
};
const LINKS = {
  "one/link.sls": "top.sls",
  "one/broken": "nowhere",
  "one/dirlink": "a",
  "one/out": "../outside/secret",
  "one/outdir": "../outside/dir",
  "one/a/circle": "circle",
};
const PATHS = [
  ...Object.keys(FILES).map((path) => path.slice(path.indexOf("/") + 1)),
  ...Object.keys(LINKS).map((path) => path.slice(path.indexOf("/") + 1)),
  "a",
  "a/",
  "./top.sls",
  "a//init.sls",
  "a/./init.sls",
  "a/../top.sls",
  "../one/top.sls",
  "../outside/secret",
  "..",
  ".",
  "",
  "/top.sls",
  "nope",
  "top.sls/x",
  "dirlink/init.sls",
  "outdir/x",
  "a/b",
];

const OPTIONS: readonly Readonly<Record<string, unknown>>[] = [
  {},
  { fileserver_followsymlinks: false },
  { fileserver_ignoresymlinks: true },
  { file_ignore_glob: ["*.pyc", "*~"] },
  { file_ignore_regex: ["\\.swp", "(^|/)\\.git($|/)"] },
];

describe.skipIf(!oracleIsThere())("file roots on disk are those of Salt's roots file server", () => {
  let root = "";
  let oracle: Oracle;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "halite-roots-"));
    for (const [path, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    for (const [path, target] of Object.entries(LINKS)) symlinkSync(target, join(root, path));
    mkdirSync(join(root, "one/empty/deeper"), { recursive: true });
    oracle = new Oracle(["salt_render"]);
  });
  afterAll(async () => {
    rmSync(root, { recursive: true });
    await oracle.close();
  });

  it.each(OPTIONS.map((opts) => ({ opts, title: JSON.stringify(opts) })))("$title", async ({ opts }) => {
    const environments = { base: ["one", "two", "missing"], dev: ["dev"], __env__: ["env-__env__"] };
    const asked = ["base", "dev", "qa", "nope"];
    const answer = await oracle.ask("salt.fileroots", {
      file_roots: Object.fromEntries(Object.entries(environments).map(([name, list]) => [name, list.map((each) => join(root, each))])),
      opts,
      environments: asked,
      paths: PATHS,
    });
    const roots = new DiskFileRoots(
      Object.entries(environments).map(([name, list]) => ({
        name,
        roots: list.map((each) => ({ directory: join(root, each), display: each })),
      })),
      diskOptions(py(opts) as PyDict),
    );
    const ours = Object.fromEntries(
      asked.map((name) => [
        name,
        {
          files: roots.list(name),
          directories: roots.listDirectories(name),
          found: PATHS.filter((path) => findSaltUrl(roots, `salt://${path}`, name) !== undefined),
        },
      ]),
    );
    expect(answer).toHaveProperty("ok");
    expect(ours).toEqual("ok" in answer ? answer.ok : undefined);
  });
});
