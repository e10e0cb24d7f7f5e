import { execFileSync } from "node:child_process";
import { mkdtempSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { build } from "../../scripts/build.mjs";
import { halite } from "../cli/halite.ts";
import { at, text, type Data } from "./facts.ts";
import { copyFleet, OwnFleet } from "./own-fleet.ts";

const TOP = fileURLToPath(new URL("../../", import.meta.url));
const VERSIONS = ["1.28", "1.29", "1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36"];

/** The Jobs or CronJobs of a compiled file, by component. */
function workloads(yaml: string): ReadonlyMap<string, Data> {
  return new Map(
    parseAllDocuments(yaml).map((document) => {
      // `yaml` gives plain data.
      const object = document.toJS() as Data;
      return [text(at(object, "metadata", "labels", "app.kubernetes.io/component")), object];
    }),
  );
}

describe("halite-render on every Kubernetes version", () => {
  const clusters = VERSIONS.flatMap((version) =>
    ["job", "cron"].map((kind) => ({ version, kind, id: `${kind}-${version.replace(".", "-")}` })),
  );
  let fleet: OwnFleet;
  beforeAll(() => {
    fleet = new OwnFleet(
      clusters.map(({ id, version, kind }) => {
        const schedule = kind === "cron" ? "  schedule: '*/15 * * * *'\n" : "";
        const pillar = `components: {halite-render: true}\nhalite-render:\n  shards: 3\n${schedule}  publish: {enabled: true, partial: true, ssh_secret: publish-key}\n`;
        return { id, version, pillar };
      }),
    );
  });

  it("compiles without an error", () => expect(fleet.errors).toEqual([]));

  it.each(clusters)("$version, $kind", ({ id, kind, version }) => {
    const found = workloads(fleet.text(id, "halite-render/jobs.yaml"));
    expect([...found.keys()]).toEqual(["render", "publish"]);
    for (const [role, object] of found) {
      expect(at(object, "kind")).toBe(kind === "cron" ? "CronJob" : "Job");
      const spec = kind === "cron" ? at(object, "spec", "jobTemplate", "spec") : at(object, "spec");
      const pod = at(spec, "template", "spec");
      expect(at(pod, "automountServiceAccountToken")).toBe(false);
      expect(at(pod, "securityContext", "runAsNonRoot")).toBe(true);
      if (role === "publish") continue;
      expect(spec).toMatchObject({ completionMode: "Indexed", completions: 3, parallelism: 3 });
      const byIndex = Number(version.split(".")[1]) >= 29;
      expect(at(spec, "backoffLimitPerIndex")).toBe(byIndex ? 3 : undefined);
      expect(at(spec, "backoffLimit")).toBe(byIndex ? undefined : 9);
      expect(actions(spec)).toEqual(["Ignore", byIndex ? "FailIndex" : "FailJob"]);
    }
  });

  it("another setting is another Job, and of the other settings none is", () => {
    const names = (id: string): string[] =>
      [...workloads(fleet.text(id, "halite-render/jobs.yaml")).values()].map((object) => text(at(object, "metadata", "name")));
    expect(names("job-1-29")).toEqual(names("job-1-36"));
    expect(names("job-1-28")).not.toEqual(names("job-1-29"));
    expect(names("cron-1-28")).toEqual(["halite-render", "halite-publish"]);
  });
});

describe("what the pods of the shipped fleet run", () => {
  beforeAll(async () => {
    await build();
  });

  it("renders the fleet and publishes it, as a publish that compiles does", async () => {
    const folder = mkdtempSync(join(tmpdir(), "halite-library-"));
    try {
      const [fleet, rendered] = [join(folder, "fleet"), join(folder, "rendered")];
      for (const path of [fleet, rendered]) mkdirSync(path);
      copyFleet(fleet);
      const jobs = workloads(readFileSync(join(TOP, "out/iad1/iad1-dev-01/halite-render/jobs.yaml"), "utf8"));
      const args = (role: string): string[] =>
        list(at(container(at(jobs.get(role), "spec")), "args")).map((arg) =>
          text(arg).replace("=/fleet", `=${fleet}`).replace("=/rendered", `=${rendered}`),
        );
      const tree = (): string =>
        execFileSync("git", ["-C", join(fleet, ".halite/addons.git"), "rev-parse", "addons^{tree}"], { encoding: "utf8" });
      const pods = Number(text(at(jobs.get("render"), "spec", "completions")));
      expect(pods).toBeGreaterThan(1);
      for (let index = 0; index < pods; index++) {
        expect((await halite(args("publish"), { cwd: folder })).status).toBe(1);
        const pod = await halite(args("render"), { cwd: folder, env: { JOB_COMPLETION_INDEX: String(index) } });
        expect(pod).toMatchObject({ status: 0, stderr: "" });
      }
      expect(await halite(args("publish"), { cwd: folder })).toMatchObject({ status: 0, stderr: "" });
      const published = tree();
      rmSync(join(fleet, ".halite"), { recursive: true });
      expect(await halite(["publish"], { cwd: fleet })).toMatchObject({ status: 0 });
      expect(tree()).toBe(published);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

function container(spec: Data | undefined): Data | undefined {
  return list(at(spec, "template", "spec", "containers"))[0];
}

function actions(spec: Data | undefined): string[] {
  return list(at(spec, "podFailurePolicy", "rules")).map((rule) => text(at(rule, "action")));
}

function list(value: Data | undefined): readonly Data[] {
  return Array.isArray(value) ? value : [];
}
