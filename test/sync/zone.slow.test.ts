import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { jsonLog, systemClock, type Clock } from "../../src/controllers/runtime/index.ts";
import { parseRemote, type SigningKey, type TrustedSigners } from "../../src/git/index.ts";
import { accessTo, lockFolder, parseReport, Zone, type ZoneReport, type ZoneStatus } from "../../src/sync/index.ts";
import { ZoneSource } from "../../src/sync/zone-source.ts";
import { gitIn } from "../git/fleet-repository.ts";
import { PublishedFleet, type FleetCluster } from "./zone-fleet.ts";

// Here no cluster can be reached: what is shown is git's side of a zone. The clusters' is in zone.plane.test.ts.

let folder: string;
let fleet: PublishedFleet;
let lines: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "halite-sync-"));
  fleet = new PublishedFleet(folder);
  lines = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function zone(
  az: string,
  more: {
    readonly trusted?: TrustedSigners;
    readonly without?: readonly string[];
    readonly sign?: SigningKey;
    readonly believed?: TrustedSigners;
    readonly state?: string;
    readonly clock?: Clock;
  } = {},
): Zone {
  const state = join(folder, more.state ?? `zone-${az}`);
  return new Zone({
    git: {
      store: join(state, "store.git"),
      remote: parseRemote(`file://${fleet.remote}`, folder),
      branch: "addons",
      az,
      auth: {},
      folder,
      trusted: more.trusted ?? null,
      prefix: "reports",
    },
    reports: { sign: more.sign ?? null, trusted: more.believed ?? null, without: more.without ?? [] },
    shard: null,
    stateFile: join(state, "state.json"),
    access: (cluster) => accessTo(cluster, { path: join(folder, "none"), variable: undefined, home: folder }),
    interval: 1000,
    resync: 600_000,
    workers: 2,
    clock: more.clock ?? systemClock,
    random: () => 0.5,
    log: jsonLog({ clock: systemClock, write: (line) => lines.push(line), level: "debug" }),
    version: "0.0.0",
  });
}

const once = (of: Zone): Promise<ZoneStatus> => of.once(new AbortController().signal);

function report(az: string): ZoneReport {
  const parsed = parseReport(gitIn(fleet.remote, "show", `reports/${az}:report.json`));
  if (typeof parsed === "string") throw new Error(parsed);
  return parsed;
}

const one = (value: string, rollout?: string): FleetCluster => ({
  az: "az1",
  cluster: "a",
  value,
  ...(rollout === undefined ? {} : { rollout }),
});

describe("what a zone takes over of git", () => {
  test("the newest commit, with a report of its own on a branch of its own", async () => {
    const commit = await fleet.publish([one("one"), { az: "az2", cluster: "z", value: "one" }]);
    const status = await once(zone("az1"));
    expect(status).toMatchObject({
      commit,
      git: { error: null, refused: null, report: null },
      clusters: [{ cluster: "a", commit, synced: false }],
    });
    expect(status.clusters[0]?.reason).toContain("kubeconfig");
    expect(report("az1")).toMatchObject({ kind: "ZoneReport", az: "az1", commit, clusters: [{ cluster: "a", commit, done: false }] });
    expect(gitIn(fleet.remote, "rev-list", "--count", "reports/az1").trim()).toBe("1");
  });

  test("not a branch that was forced back, until a commit says Rollback-To", async () => {
    const first = await fleet.publish([one("one")]);
    const second = await fleet.publish([one("two")]);
    expect((await once(zone("az1"))).commit).toBe(second);
    gitIn(fleet.remote, "update-ref", "refs/heads/addons", first);
    const refused = await once(zone("az1"));
    expect(refused.commit).toBe(second);
    expect(refused.git.refused?.commit).toBe(first);
    expect(refused.git.refused?.reason).toMatch(/the branch was rewritten: [0-9a-f]{12} does not come after [0-9a-f]{12}/);
    const stated = await fleet.publish([one("three")], { message: `Back\n\nRollback-To: ${first}\n` });
    expect((await once(zone("az1"))).commit).toBe(stated);
    // What is published after it need not say it again.
    const later = await fleet.publish([one("four")]);
    expect((await once(zone("az1"))).commit).toBe(later);
  });

  test("only what somebody trusted has signed", async () => {
    const key = join(folder, "key");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f", key]);
    writeFileSync(join(folder, "allowed"), `ada@example.com ${readFileSync(`${key}.pub`, "utf8")}`);
    const trusted: TrustedSigners = { format: "ssh", allowedSigners: join(folder, "allowed") };
    const signed = await fleet.publish([one("one")], { sign: { format: "ssh", key } });
    expect((await once(zone("az1", { trusted }))).commit).toBe(signed);
    await fleet.publish([one("two")]);
    const status = await once(zone("az1", { trusted }));
    expect(status.commit).toBe(signed);
    expect(status.git.refused?.reason).toBe("it is not signed, and sync.trusted demands that it is");
  });

  test("git's remote is gone: the last commit counts, and its age is said", async () => {
    const commit = await fleet.publish([one("one")]);
    await once(zone("az1"));
    renameSync(fleet.remote, `${fleet.remote}.away`);
    const status = await once(zone("az1"));
    expect(status.commit).toBe(commit);
    expect(status.git.error).not.toBeNull();
    expect(status.git.secondsSincePull).toBeGreaterThanOrEqual(0);
    renameSync(`${fleet.remote}.away`, fleet.remote);
    expect((await once(zone("az1"))).git.error).toBeNull();
  });

  test("an object that is spoilt on the remote changes nothing", async () => {
    const commit = await fleet.publish([one("one")]);
    await once(zone("az1"));
    const next = await fleet.publish([one("two")]);
    const blob = gitIn(fleet.remote, "rev-parse", `${next}:az1/a/release.yaml`).trim();
    const path = join(fleet.remote, "objects", blob.slice(0, 2), blob.slice(2));
    if (!existsSync(path)) gitIn(fleet.remote, "unpack-objects");
    rmSync(path, { force: true });
    writeFileSync(path, "spoilt");
    const status = await once(zone("az1"));
    expect(status.commit).toBe(commit);
    expect(status.git.error).not.toBeNull();
  });
});

test("a store that is new knows how a commit stands to one that was applied before, of which it has not the history yet", async () => {
  const first = await fleet.publish([one("one")]);
  const second = await fleet.publish([one("two")]);
  const source = (name: string): ZoneSource =>
    new ZoneSource(
      {
        store: join(folder, name),
        remote: parseRemote(`file://${fleet.remote}`, folder),
        branch: "addons",
        az: "az1",
        auth: {},
        folder,
        trusted: null,
        prefix: "reports",
      },
      null,
    );
  const fresh = source("fresh.git");
  await fresh.pull();
  expect(await fresh.standing(first, second)).toBe("newer");
  const other = source("other.git");
  await other.pull();
  // What was applied is asked for first, by its id, as a zone does that has lost its disk.
  expect((await other.releaseAt(first, "a"))?.commit).toBe(first);
  expect(await other.standing(first, second)).toBe("newer");
  expect(await other.standing("0".repeat(40), second)).toBe("unrelated");
});

/** A clock that shows a date so many seconds from the right one, and the same for as long as a run may take. */
const wrong = (seconds: number): Clock => ({ ...systemClock, date: () => new Date(Date.UTC(2026, 0, 2) + 1000 * seconds) });

describe("clocks that are wrong", () => {
  test("git gone for three days: clusters stay at the last commit, and how old that is is said; a clock set back makes nothing younger than new", async () => {
    const commit = await fleet.publish([one("one")]);
    await once(zone("az1", { clock: wrong(0) }));
    renameSync(fleet.remote, `${fleet.remote}.away`);
    const later = await once(zone("az1", { clock: wrong(3 * 86_400) }));
    expect(later).toMatchObject({ commit, clusters: [{ commit }] });
    expect(later.git.secondsSincePull).toBe(3 * 86_400);
    expect(lines.some((line) => /"git can't be read".*"secondsSincePull":259200\b/.test(line))).toBe(true);
    expect((await once(zone("az1", { clock: wrong(-86_400) }))).git.secondsSincePull).toBe(0);
  });

  test("zones whose clocks differ by hours agree on the waves: a report's time is for people", async () => {
    const two = (value: string): FleetCluster[] => [
      { az: "az1", cluster: "a", value, rollout: "{wave: canary, order: 0, maxUnavailable: 1}" },
      { az: "az2", cluster: "b", value, rollout: "{wave: rest, order: 1, maxUnavailable: 1}" },
    ];
    await fleet.publish(two("one"));
    await once(zone("az1", { clock: wrong(7200) }));
    const late = await once(zone("az2", { clock: wrong(-7200) }));
    expect(late.zones).toEqual([{ az: "az1", seen: true, why: "" }]);
    expect(late.clusters[0]?.hold?.reason).toMatch(/^wave canary comes first: a in az1: /);
    await fleet.publish(two("two"));
    const unseen = await once(zone("az2", { clock: wrong(-7200) }));
    expect(unseen.zones[0]?.why).toMatch(/^it has not taken over commit [0-9a-f]{12} yet; its last report, 0s ago, is about [0-9a-f]{12}$/);
  });
});

describe("the zone's own disk", () => {
  test("where the state can't be written nothing new is rolled out, and that is said", async () => {
    const first = await fleet.publish([one("one")]);
    await once(zone("az1"));
    const file = join(folder, "zone-az1/state.json");
    const known = readFileSync(file, "utf8");
    // As on a full disk: the file that is to be written aside can't be.
    mkdirSync(`${file}.new`);
    await fleet.publish([one("two")]);
    const status = await once(zone("az1"));
    expect(status.stateError).not.toBeNull();
    expect(status.clusters[0]).toMatchObject({ commit: first });
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(JSON.parse(known));
    rmSync(`${file}.new`, { recursive: true, force: true });
    expect((await once(zone("az1"))).clusters[0]?.commit).not.toBe(first);
  });

  test("a state that was cut off is had again from the zone's report", async () => {
    const first = await fleet.publish([one("one", "{wave: w1, order: 1, maxUnavailable: 1}")]);
    await once(zone("az1"));
    writeFileSync(join(folder, "zone-az1/state.json"), '{"version":1,"az":"az1","clu');
    await fleet.publish([one("two", "{wave: w1, order: 1, maxUnavailable: 1, paused: true}")]);
    expect((await once(zone("az1"))).clusters[0]).toMatchObject({ commit: first, hold: { kind: "paused" } });
  });

  test("is one process's", async () => {
    const end = await lockFolder(join(folder, "lock"));
    await expect(lockFolder(join(folder, "lock"))).rejects.toThrow("another halite sync of this machine works with");
    await end();
    await (
      await lockFolder(join(folder, "lock"))
    )();
  });
});

describe("waves over zones, by their reports alone", () => {
  const wave = (order: number): string => `{wave: w${order}, order: ${order}, maxUnavailable: 1}`;

  test("a later zone stays at what it has until the earlier one is done, and says what it waits for", async () => {
    const first = await fleet.publish([one("one", wave(1)), { az: "az2", cluster: "z", value: "one", rollout: wave(2) }]);
    const silent = await once(zone("az2"));
    expect(silent.clusters[0]).toMatchObject({ commit: null, hold: { kind: "waits" } });
    expect(silent.clusters[0]?.hold?.reason).toContain("zone az1 may have clusters of an earlier wave: it has never reported");
    await once(zone("az1"));
    const waiting = await once(zone("az2"));
    expect(waiting.clusters[0]?.hold?.reason).toMatch(/^wave w1 comes first: a in az1: /);
    // As if az1 had said that it is done with it.
    const said = { ...report("az1"), clusters: report("az1").clusters.map((each) => ({ ...each, done: true })) };
    pushReportOf("az1", said);
    expect((await once(zone("az2"))).clusters[0]).toMatchObject({ commit: first, hold: null });
    // A new commit is another tree, which az1 has not said anything about.
    await fleet.publish([one("two", wave(1)), { az: "az2", cluster: "z", value: "two", rollout: wave(2) }]);
    expect((await once(zone("az2"))).clusters[0]).toMatchObject({ commit: first, hold: { kind: "waits" } });
    expect((await once(zone("az2", { without: ["az1"] }))).clusters[0]).toMatchObject({ hold: null });
  });

  test("reports count only if somebody trusted has signed them, where that is demanded", async () => {
    const key = join(folder, "key");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "zone", "-f", key]);
    writeFileSync(join(folder, "allowed"), `sync@halite.dev ${readFileSync(`${key}.pub`, "utf8")}`);
    const believed: TrustedSigners = { format: "ssh", allowedSigners: join(folder, "allowed") };
    await fleet.publish([one("one", wave(1)), { az: "az2", cluster: "z", value: "one", rollout: wave(2) }]);
    await once(zone("az1"));
    const unsigned = await once(zone("az2", { believed }));
    expect(unsigned.clusters[0]?.hold?.reason).toContain("its report is not signed by anybody trusted");
    await once(zone("az1", { sign: { format: "ssh", key }, state: "another" }));
    expect((await once(zone("az2", { believed }))).clusters[0]?.hold?.reason).toMatch(/^wave w1 comes first: a in az1/);
  });

  test("pause, resume and approval are commits", async () => {
    const first = await fleet.publish([one("one", wave(1))]);
    await once(zone("az1"));
    await fleet.publish([one("two", "{wave: w1, order: 1, maxUnavailable: 1, paused: true}")]);
    expect((await once(zone("az1"))).clusters[0]).toMatchObject({ commit: first, hold: { kind: "paused" } });
    const wanted = await fleet.publish([one("two", "{wave: w1, order: 1, maxUnavailable: 1, approved: []}")]);
    expect((await once(zone("az1"))).clusters[0]).toMatchObject({ commit: first, hold: { kind: "approval" } });
    const approved = await fleet.publish([one("two", `{wave: w1, order: 1, maxUnavailable: 1, approved: ["${wanted.slice(0, 10)}"]}`)]);
    expect((await once(zone("az1"))).clusters[0]).toMatchObject({ commit: approved, hold: null });
    // An approval is of one release, not of what comes later.
    await fleet.publish([one("three", `{wave: w1, order: 1, maxUnavailable: 1, approved: ["${wanted.slice(0, 10)}"]}`)]);
    expect((await once(zone("az1"))).clusters[0]).toMatchObject({ commit: approved, hold: { kind: "approval" } });
  });

  test("a zone that has lost its disk knows from its own report what each cluster is held at", async () => {
    const first = await fleet.publish([one("one", wave(1))]);
    await once(zone("az1"));
    const paused = "{wave: w1, order: 1, maxUnavailable: 1, paused: true}";
    await fleet.publish([one("two", paused)]);
    const status = await once(zone("az1", { state: "another-disk" }));
    expect(status.clusters[0]).toMatchObject({ commit: first, hold: { kind: "paused" } });
  });

  /** Pushes a report as the zone itself would. */
  function pushReportOf(az: string, content: ZoneReport): void {
    const work = join(folder, `pusher-${az}`);
    mkdirSync(work, { recursive: true });
    gitIn(work, "init", "--quiet");
    writeFileSync(join(work, "report.json"), JSON.stringify(content));
    gitIn(work, "add", "-A");
    gitIn(work, "commit", "--quiet", "-m", "Report");
    gitIn(work, "push", "--quiet", "--force", fleet.remote, `HEAD:refs/heads/reports/${az}`);
  }
});

test("logs are one JSON object a line", async () => {
  await fleet.publish([one("one")]);
  await once(zone("az1"));
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines)
    expect(JSON.parse(line)).toMatchObject({ time: expect.any(String), level: expect.any(String), message: expect.any(String) });
});
