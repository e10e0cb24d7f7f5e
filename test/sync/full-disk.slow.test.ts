import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { HALITE } from "../cli/halite.ts";
import { gitIn } from "../git/fleet-repository.ts";
import { configYaml, namespaceYaml } from "../cluster/kube.ts";
import { releaseOf } from "../cluster/releases.ts";
import { PublishedFleet, writeConfig } from "./zone-fleet.ts";

/** A file system of two megabytes for the zone's state, in a mount namespace of its own: filled up, and emptied again. */
const SCRIPT = `
set -eu
mount -t tmpfs -o size=2m state "$1/zone/state"
halite() { "$2" "$3" sync --az az1 --once --json >"$1/$4.json" 2>"$1/$4.err" || true; }
cd "$1/zone"
halite "$1" "$2" "$3" first
dd if=/dev/zero of=state/ballast bs=4k 2>/dev/null || true
git -C "$1/remote.git" update-ref refs/heads/addons refs/halite/next
halite "$1" "$2" "$3" full
halite "$1" "$2" "$3" still
rm state/ballast
halite "$1" "$2" "$3" emptied
`;

const canMount = spawnSync("unshare", ["-m", "sh", "-c", "mount -t tmpfs none /mnt"]).status === 0;

test.skipIf(!canMount)(
  "a disk that is really full: clusters stay where they are, that is said, and it goes on when there is room",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "halite-full-"));
    try {
      const fleet = new PublishedFleet(folder);
      writeConfig(join(folder, "zone"), `file://${fleet.remote}`, "sync: {kubeconfigs: none, state: state}\n");
      mkdirSync(join(folder, "zone/state"));
      const first = await fleet.publish([{ az: "az1", cluster: "a", value: "one" }]);
      // What is new is larger than what is left, also packed.
      const noise = Array.from({ length: 400_000 }, () => Math.floor(Math.random() * 36).toString(36)).join("");
      const files = releaseOf(
        {
          settings: {
            "a.yaml": namespaceYaml("halite-test"),
            "b.yaml": configYaml("halite-test", "settings", { value: noise }, "Reconcile"),
          },
        },
        { cluster: "a" },
      );
      const next = await fleet.publish([{ az: "az1", cluster: "a", value: "", files }]);
      gitIn(fleet.remote, "update-ref", "refs/halite/next", next);
      gitIn(fleet.remote, "update-ref", "refs/heads/addons", first);
      const script = join(folder, "script.sh");
      writeFileSync(script, SCRIPT);
      const done = spawnSync("unshare", ["-m", "sh", script, folder, process.execPath, HALITE], {
        encoding: "utf8",
        timeout: 280_000,
        env: { PATH: process.env["PATH"] ?? "", HOME: folder },
      });
      expect(done.status, done.stderr).toBe(0);
      interface Status {
        readonly commit: string;
        readonly stateError: string | null;
        readonly git: { readonly error: string | null };
        readonly clusters: readonly { readonly commit: string | null }[];
      }
      const status = (name: string): Status => JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
      expect(status("first")).toMatchObject({ commit: first, git: { error: null }, stateError: null, clusters: [{ commit: first }] });
      for (const name of ["full", "still"]) {
        const full = status(name);
        expect(full).toMatchObject({ commit: first, clusters: [{ commit: first }] });
        expect(`${full.git.error ?? ""} ${full.stateError ?? ""}`).toMatch(/No space left on device|ENOSPC/);
      }
      expect(status("emptied")).toMatchObject({ commit: next, git: { error: null }, stateError: null, clusters: [{ commit: next }] });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
