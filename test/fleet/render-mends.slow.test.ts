import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { PROCESS } from "../../src/fleet/running.ts";
import { filesIn, RenderedFleet, type Rendered } from "./rendered-fleet.ts";

const manifest = (name: string, value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: default}\ndata: {v: "${value}"}\n`;

const managed = (path: string, source: string): string =>
  `${path}:\n  file.managed:\n    - name: /etc/kubernetes/addons/${path}\n    - source: salt://${source}\n    - template: jinja\n    - makedirs: True\n`;

const FILES: ReadonlyMap<string, string> = new Map([
  ["halite.yaml", 'roster: roster.yaml\nkubernetes: "1.36"\n'],
  ["roster.yaml", ["c1", "c2", "c3"].map((id, index) => `${id}: {minion_opts: {grains: {az: z${index % 2}}}}\n`).join("")],
  ["pillar/top.sls", "base:\n  '*': [p]\n"],
  ["pillar/p.sls", "value: 1\n"],
  ["states/top.sls", "base:\n  '*': [s]\n"],
  ["states/s.sls", managed("one/a.yaml", "a") + managed("one/deep/b.yaml", "b") + managed("two/c.yaml", "c")],
  ["states/a", manifest("a", "{{ pillar.value }}")],
  ["states/b", manifest("b", "{{ grains.id }}")],
  ["states/c", manifest("c", "constant")],
]);

/** The clock goes on so far that everything written before is believed to be as it is stamped. */
const LATER = 60_000;

/** Runs something with a fleet that has been rendered with the cache into `out`, and without it into `alone`. */
async function withFleet(run: (fleet: RenderedFleet) => Promise<void>, files = FILES): Promise<void> {
  const fleet = new RenderedFleet(files);
  try {
    await both(fleet);
    fleet.ahead += LATER;
    await both(fleet);
    expect(fleet.unchanged).toBeGreaterThan(0);
    await run(fleet);
    expect(fleet.warnings).toEqual([]);
  } finally {
    fleet.remove();
  }
}

/** Renders both ways and expects the same of both, of what `--check` says first too. */
async function both(fleet: RenderedFleet): Promise<Rendered> {
  const checks = [await fleet.render("out", { cached: true, check: true }), await fleet.render("alone", { cached: false, check: true })];
  expect(checks[0]).toEqual(checks[1]);
  const [cached, alone] = [await fleet.render("out", { cached: true }), await fleet.render("alone", { cached: false })];
  expect(cached).toEqual(alone);
  expect(checks[0]).toEqual(alone);
  expect(filesIn(fleet.path("out"))).toEqual(filesIn(fleet.path("alone")));
  if (typeof cached === "string") throw new Error(cached);
  return cached;
}

/** Puts times back as they were, of whatever was done to a file or folder. */
function keepingTimes(path: string, change: () => void): void {
  const { atime, mtime } = statSync(path);
  change();
  utimesSync(path, atime, mtime);
}

/** What somebody may do to out/, given its folder and one elsewhere. */
const DEEDS: Readonly<Record<string, (out: string, elsewhere: string) => void>> = {
  "a file is edited": (out) => appendFileSync(join(out, "z0/c1/one/a.yaml"), "# by hand\n"),
  "a file is edited to the same size, and its time put back": (out) => {
    const file = join(out, "z0/c1/one/a.yaml");
    keepingTimes(file, () => writeFileSync(file, readFileSync(file, "utf8").replace('v: "1"', 'v: "7"')));
  },
  "a file is emptied": (out) => writeFileSync(join(out, "z0/c1/release.yaml"), ""),
  "a file is removed": (out) => rmSync(join(out, "z0/c1/one/deep/b.yaml")),
  "a file is removed, and the folder's time put back": (out) =>
    keepingTimes(join(out, "z0/c1/one"), () => rmSync(join(out, "z0/c1/one/a.yaml"))),
  "a file is made runnable": (out) => chmodSync(join(out, "z0/c1/one/a.yaml"), 0o755),
  "a file is more": (out) => writeFileSync(join(out, "z0/c1/one/deep/extra.yaml"), "a: 1\n"),
  "a file is more, and the folder's time put back": (out) =>
    keepingTimes(join(out, "z0/c1/one/deep"), () => writeFileSync(join(out, "z0/c1/one/deep/extra.yaml"), "a: 1\n")),
  "a folder is more": (out) => mkdirSync(join(out, "z0/c1/extra/empty"), { recursive: true }),
  "a folder with a file is more": (out) => {
    mkdirSync(join(out, "z0/c1/extra/deep"), { recursive: true });
    writeFileSync(join(out, "z0/c1/extra/deep/file"), "");
  },
  "files are in nobody's folders": (out) => {
    mkdirSync(join(out, "z9/c1/one"), { recursive: true });
    for (const path of ["z9/c1/one/a.yaml", "z0/file", "file"]) writeFileSync(join(out, path), "");
  },
  "a file gives way to an empty folder": (out) => {
    rmSync(join(out, "z0/c1/one/a.yaml"));
    mkdirSync(join(out, "z0/c1/one/a.yaml/empty"), { recursive: true });
  },
  "a file gives way to a folder with files": (out) => {
    rmSync(join(out, "z0/c1/one/a.yaml"));
    mkdirSync(join(out, "z0/c1/one/a.yaml/deep"), { recursive: true });
    writeFileSync(join(out, "z0/c1/one/a.yaml/deep/file"), "");
  },
  "a file gives way to a link to its like": (out, elsewhere) => {
    const file = join(out, "z0/c1/one/a.yaml");
    renameSync(file, join(elsewhere, "a.yaml"));
    symlinkSync(join(elsewhere, "a.yaml"), file);
  },
  "a file gives way to a link to nothing": (out) => {
    rmSync(join(out, "z0/c1/one/a.yaml"));
    symlinkSync("nothing", join(out, "z0/c1/one/a.yaml"));
  },
  "a file gives way to a pipe": (out) => {
    rmSync(join(out, "z0/c1/one/a.yaml"));
    execFileSync("mkfifo", [join(out, "z0/c1/one/a.yaml")]);
  },
  "an addon's folder gives way to a file": (out) => {
    rmSync(join(out, "z0/c1/one"), { recursive: true });
    writeFileSync(join(out, "z0/c1/one"), "");
  },
  "an addon's folder is moved and linked to": (out, elsewhere) => {
    renameSync(join(out, "z0/c1/one"), join(elsewhere, "one"));
    symlinkSync(join(elsewhere, "one"), join(out, "z0/c1/one"));
  },
  "a cluster's folder gives way to a file": (out) => {
    rmSync(join(out, "z0/c1"), { recursive: true });
    writeFileSync(join(out, "z0/c1"), "");
  },
  "a cluster's folder is moved and linked to": (out, elsewhere) => {
    renameSync(join(out, "z0/c1"), join(elsewhere, "c1"));
    symlinkSync(join(elsewhere, "c1"), join(out, "z0/c1"));
  },
  "a cluster's folder is emptied": (out) => {
    for (const name of readdirSync(join(out, "z0/c1"))) rmSync(join(out, "z0/c1", name), { recursive: true });
  },
  "a cluster's folder is copied over another's": (out) => {
    rmSync(join(out, "z0/c3"), { recursive: true });
    cpSync(join(out, "z0/c1"), join(out, "z0/c3"), { recursive: true, preserveTimestamps: true });
  },
  "two clusters change places": (out) => {
    renameSync(join(out, "z0/c1"), join(out, "z0/between"));
    renameSync(join(out, "z0/c3"), join(out, "z0/c1"));
    renameSync(join(out, "z0/between"), join(out, "z0/c3"));
  },
  "a zone's folder gives way to a file": (out) => {
    rmSync(join(out, "z0"), { recursive: true });
    writeFileSync(join(out, "z0"), "");
  },
  "a zone's folder is moved and linked to": (out, elsewhere) => {
    renameSync(join(out, "z0"), join(elsewhere, "z0"));
    symlinkSync(join(elsewhere, "z0"), join(out, "z0"));
  },
  "all is copied": (out, elsewhere) => {
    cpSync(out, join(elsewhere, "copy"), { recursive: true, preserveTimestamps: true });
    rmSync(out, { recursive: true });
    renameSync(join(elsewhere, "copy"), out);
  },
  "all is gone": (out) => rmSync(out, { recursive: true }),
};

/** What a fleet whose out/ nobody has touched has. */
function asIt(): Promise<ReadonlyMap<string, string>> {
  untouched ??= (async () => {
    const fleet = new RenderedFleet(FILES);
    try {
      await fleet.render("out", { cached: false });
      return filesIn(fleet.path("out"));
    } finally {
      fleet.remove();
    }
  })();
  return untouched;
}
let untouched: Promise<ReadonlyMap<string, string>> | undefined;

describe("out/ is mended, with the cache as without it, and `--check` says of what", () => {
  test.each(Object.entries(DEEDS))("%s", async (_what, deed) => {
    const expected = await asIt();
    await withFleet(async (fleet) => {
      for (const out of ["out", "alone"]) {
        mkdirSync(fleet.path(`elsewhere-${out}`));
        deed(fleet.path(out), fleet.path(`elsewhere-${out}`));
      }
      await both(fleet);
      expect(filesIn(fleet.path("out"))).toEqual(expected);
      fleet.ahead += LATER;
      await both(fleet);
      expect(filesIn(fleet.path("out"))).toEqual(expected);
    });
  });

  test("a file that only counts once a refused value of pillar is out of the way", async () => {
    const more = (text: string): ReadonlyMap<string, string> =>
      new Map([
        ...FILES,
        ["schemas/pillar/value.schema.json", '{"type": "integer", "x-halite-addons": ["one"]}'],
        ["pillar/p.sls", "value: x\n"],
        ["states/a", "{% if pillar.value is defined %}kind: [\n{% else %}{% include 'more' %}{% endif %}"],
        ["states/more", text],
      ]);
    const said = ({ clusters }: Rendered): readonly (readonly string[])[] =>
      clusters.map(({ findings }) => findings.filter(({ severity }) => severity === "error").map(({ code }) => code));
    await withFleet(async (fleet) => {
      for (const text of [manifest("a", "fine"), "kind: [\n", manifest("a", "again")]) {
        fleet.put(more(text));
        const expected = text.startsWith("kind") ? ["pillar-type", "yaml-syntax"] : ["pillar-type"];
        expect(said(await both(fleet)).map((codes) => codes.toSorted())).toEqual([expected, expected, expected]);
        fleet.ahead += LATER;
        await both(fleet);
      }
    });
  });

  test("what is done bit by bit: a folder first, a file in it when the folder is known", async () => {
    await withFleet(async (fleet) => {
      for (const out of ["out", "alone"]) mkdirSync(fleet.path(out, "z0/c1/one/empty"));
      await both(fleet);
      fleet.put(new Map([...FILES, ["pillar/p.sls", "value: 2\n"]]));
      await both(fleet);
      fleet.ahead += LATER;
      for (const out of ["out", "alone"]) writeFileSync(fleet.path(out, "z0/c1/one/empty/extra.yaml"), "");
      expect((await both(fleet)).extra).toEqual(["z0/c1/one/empty/extra.yaml"]);
    });
  });

  test("what is done bit by bit: a link to a file's like, the like changed when the link is known", async () => {
    await withFleet(async (fleet) => {
      for (const out of ["out", "alone"]) DEEDS["a file gives way to a link to its like"]?.(fleet.path(out), dirname(fleet.path(out)));
      await both(fleet);
      fleet.put(new Map([...FILES, ["pillar/p.sls", "value: 2\n"]]));
      await both(fleet);
      fleet.ahead += LATER;
      writeFileSync(fleet.path("a.yaml"), "changed");
      await both(fleet);
      expect(readFileSync(fleet.path("out/z0/c1/one/a.yaml"), "utf8")).toContain('v: "2"');
    });
  });

  test("what killed renders have left goes, what another render is about to put in its place stays", async () => {
    await withFleet(async (fleet) => {
      const [machine = ""] = PROCESS.split("-");
      const dead = `.halite-tmp-${machine}-${await deadProcess()}-0a1b2c3d`;
      const alive = `.halite-tmp-${machine}-${process.ppid}-0a1b2c3d`;
      const elsewhere = ".halite-tmp-00000000-1-0a1b2c3d";
      for (const name of [dead, alive, elsewhere]) {
        mkdirSync(fleet.path("out", name, "0/one"), { recursive: true });
        writeFileSync(fleet.path("out", name, "0/one/half.yaml"), "a: ");
      }
      const check = await fleet.render("out", { cached: true, check: true });
      expect(check).toMatchObject({ missing: [], changed: [], extra: [] });
      await fleet.render("out", { cached: true });
      expect(existsSync(fleet.path("out", dead))).toBe(false);
      for (const name of [alive, elsewhere]) expect(existsSync(fleet.path("out", name, "0/one/half.yaml"))).toBe(true);
      // What a process of another machine has not touched for hours is nobody's.
      fleet.ahead += 100 * LATER;
      await both(fleet);
      expect(readdirSync(fleet.path("out"))).toEqual(["z0", "z1"]);
    });
  });
});

/** The number of a process that has been and is no more. */
async function deadProcess(): Promise<number> {
  const { spawn } = await import("node:child_process");
  const child = spawn("true");
  await new Promise((resolve) => child.once("exit", resolve));
  return child.pid ?? 0;
}

/** Ways of changing a file of the tree so that what a disk says of it changes as little as may be. */
const CHANGES: Readonly<Record<string, (fleet: RenderedFleet, path: string, text: string) => void>> = {
  "its time put back": (fleet, path, text) => keepingTimes(fleet.path(path), () => writeFileSync(fleet.path(path), text)),
  "by a file of the same time": (fleet, path, text) => {
    const { atime, mtime } = statSync(fleet.path(path));
    writeFileSync(fleet.path("new"), text);
    utimesSync(fleet.path("new"), atime, mtime);
    renameSync(fleet.path("new"), fleet.path(path));
  },
};

describe("a changed file of the tree is seen", () => {
  const YEAR = 365 * 24 * 60 * 60 * 1000;

  test.each(Object.entries(CHANGES))("of the same size, %s", async (_how, change) => {
    await withFleet(async (fleet) => {
      change(fleet, "pillar/p.sls", "value: 2\n");
      expect((await both(fleet)).changed.length).toBe(6);
      fleet.ahead += LATER;
      change(fleet, "states/a", manifest("a", "{{ pillar.valve }}"));
      expect((await both(fleet)).missing).toEqual([]);
      expect(readFileSync(fleet.path("out/z0/c1/release.yaml"), "utf8")).toContain("valve");
    });
  });

  test("whose time is in the future, before the change and after it", async () => {
    await withFleet(async (fleet) => {
      const then = (Date.now() + YEAR) / 1000;
      for (const value of [2, 3, 4]) {
        writeFileSync(fleet.path("pillar/p.sls"), `value: ${value}\n`);
        utimesSync(fleet.path("pillar/p.sls"), then, then);
        expect((await both(fleet)).changed.length).toBe(6);
        fleet.ahead += LATER;
      }
    });
  });

  test("since a render whose clock was a year ahead, and before one whose clock is a year behind", async () => {
    await withFleet(async (fleet) => {
      let value = 1;
      for (const ahead of [YEAR, 0, LATER, -YEAR, 0, YEAR, -YEAR, -YEAR + LATER]) {
        fleet.ahead = ahead;
        fleet.put(new Map([...FILES, ["pillar/p.sls", `value: ${++value}\n`]]), { keepTimes: true });
        expect((await both(fleet)).changed.length).toBe(6);
        // And again, with all as it is.
        expect(await both(fleet)).toMatchObject({ missing: [], changed: [], extra: [] });
      }
    });
  });

  test("as often as it changes to and fro", async () => {
    await withFleet(async (fleet) => {
      for (const value of [2, 1, 2, 1, 1, 2, 1, 2, 2, 1, 2, 1, 2, 1, 2]) {
        fleet.put(new Map([...FILES, ["pillar/p.sls", `value: ${value}\n`]]), { keepTimes: true });
        fleet.ahead += value * LATER;
        await both(fleet);
        expect(readFileSync(fleet.path("out/z0/c1/one/a.yaml"), "utf8")).toContain(`v: "${value}"`);
      }
    });
  });

  test("that was not there, or comes before another of its name", async () => {
    const roots = 'roster: roster.yaml\nkubernetes: "1.36"\nfile_roots: {base: [first, states]}\n';
    await withFleet(
      async (fleet) => {
        mkdirSync(fleet.path("first"));
        writeFileSync(fleet.path("first/a"), manifest("a", "first"));
        expect((await both(fleet)).changed.length).toBe(6);
        fleet.ahead += LATER;
        rmSync(fleet.path("first/a"));
        expect((await both(fleet)).changed.length).toBe(6);
      },
      new Map([...FILES, ["halite.yaml", roots]]),
    );
  });
});

describe("what all clusters hang on is seen", () => {
  const CRD = (type: string): string =>
    `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.x.io}\nspec: {group: x.io, scope: Namespaced, names: {plural: things, kind: Thing}, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {v: {type: ${type}}}}}}]}\n`;

  test("a definition in schemas/crds that comes, changes and goes", async () => {
    const thing = "apiVersion: x.io/v1\nkind: Thing\nmetadata: {name: t, namespace: default}\nv: 1\n";
    const files = new Map([...FILES, ["states/c", thing]]);
    await withFleet(async (fleet) => {
      for (const type of ["integer", "string", "integer"]) {
        fleet.put(new Map([...files, ["schemas/crds/thing.yaml", CRD(type)]]), { keepTimes: true });
        fleet.ahead += LATER;
        const { clusters } = await both(fleet);
        expect(clusters[0]?.findings.some(({ severity }) => severity === "error")).toBe(type === "string");
      }
      fleet.put(files);
      await both(fleet);
    }, files);
  });

  test("a schema of pillar that comes and goes, and a link that leads nowhere beside it", async () => {
    await withFleet(async (fleet) => {
      fleet.put(new Map([...FILES, ["schemas/pillar/value.schema.json", '{"type": "string"}']]));
      symlinkSync("nowhere", fleet.path("schemas/pillar/README"));
      symlinkSync(".", fleet.path("schemas/pillar/again"));
      expect((await both(fleet)).clusters[0]?.release.state).toBe("failed");
      rmSync(fleet.path("schemas"), { recursive: true });
      expect((await both(fleet)).clusters[0]?.release.state).toBe("compiled");
    });
  });

  test.each([
    ["an option of Salt", "halite.yaml", 'roster: roster.yaml\nkubernetes: "1.36"\npillar_merge_lists: true\n'],
    ["the version of Kubernetes", "halite.yaml", 'roster: roster.yaml\nkubernetes: "1.34"\n'],
    [
      "a grain",
      "roster.yaml",
      (FILES.get("roster.yaml") ?? "").replace("c1: {minion_opts: {grains: {", "c1: {minion_opts: {grains: {more: 1, "),
    ],
    ["a cluster's zone", "roster.yaml", (FILES.get("roster.yaml") ?? "").replace("az: z0", "az: z2")],
    ["a cluster more", "roster.yaml", `${FILES.get("roster.yaml") ?? ""}c4: {minion_opts: {grains: {az: z0}}}\n`],
    ["a cluster fewer", "roster.yaml", (FILES.get("roster.yaml") ?? "").replace(/^c1.*\n/, "")],
  ])("%s, and that it is as it was again", async (_what, path, text) => {
    await withFleet(async (fleet) => {
      for (const files of [new Map([...FILES, [path, text]]), FILES, new Map([...FILES, [path, text]])]) {
        fleet.put(files);
        await both(fleet);
        fleet.ahead += LATER;
      }
    });
  });
});
