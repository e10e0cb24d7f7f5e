import { duration, type ZoneReport, type ZoneStatus } from "../sync/index.ts";
import type { Colour, Terminal } from "./terminal.ts";

type Told = Pick<ZoneReport, "az" | "shard" | "commit" | "clusters" | "time"> & Partial<Pick<ZoneStatus, "git" | "zones" | "stateError">>;

/** A zone for people: what needs looking at first, with its reasons; then clusters and addons, sync and health apart. */
export function zoneText(zone: Told, terminal: Terminal, all: boolean): string {
  const lines = [
    `zone ${zone.az}${zone.shard === null ? "" : `, shard ${zone.shard.replace("-", " ").replace("-", " ")}`}, commit ${zone.commit?.slice(0, 12) ?? "none"}${ageText(zone)}`,
  ];
  for (const trouble of troubles(zone)) lines.push(terminal.paint("red", trouble));
  const rows = zone.clusters.map((cluster) => {
    const well = cluster.synced && cluster.healthy;
    const sync = cluster.hold !== null ? "Held" : cluster.synced ? "Synced" : cluster.commit === null ? "Never" : "OutOfSync";
    const health = cluster.healthy ? "Healthy" : cluster.addons.length === 0 ? "Unknown" : "Ill";
    return { cluster, well, sync, health };
  });
  const ordered = [
    ...rows.filter((row) => !row.well),
    ...rows.filter((row) => row.well && row.cluster.hold !== null),
    ...rows.filter((row) => row.well && row.cluster.hold === null),
  ];
  const widths = {
    cluster: Math.max(7, ...ordered.map((row) => row.cluster.cluster.length)),
    wave: Math.max(4, ...ordered.map((row) => (row.cluster.wave ?? "-").length)),
  };
  lines.push(
    terminal.paint(
      "dim",
      `${"CLUSTER".padEnd(widths.cluster)}  ${"WAVE".padEnd(widths.wave)}  SYNC       HEALTH   COMMIT        ADDONS  REASON`,
    ),
  );
  for (const { cluster, well, sync, health } of ordered) {
    const good = cluster.addons.filter(isWell).length;
    const reason = cluster.hold?.reason ?? cluster.reason;
    const columns = [
      cluster.cluster.padEnd(widths.cluster),
      (cluster.wave ?? "-").padEnd(widths.wave),
      terminal.paint(syncColour(sync), sync.padEnd(9)),
      terminal.paint(health === "Healthy" ? "green" : "red", health.padEnd(7)),
      (cluster.commit?.slice(0, 12) ?? "-").padEnd(12),
      `${good}/${cluster.addons.length}`.padEnd(6),
      reason,
    ];
    lines.push(columns.join("  ").trimEnd());
    if (cluster.hold !== null && !well && cluster.reason !== "") lines.push(`  ${terminal.paint("dim", cluster.reason)}`);
    for (const addon of [...cluster.addons.filter((each) => !isWell(each)), ...(all ? cluster.addons.filter(isWell) : [])]) {
      const text = `${addon.name}  ${addon.sync}  ${addon.health}  ${addon.healthy}/${addon.objects}  ${addon.reason}`.trimEnd();
      lines.push(`  ${terminal.paint("dim", text)}`);
    }
  }
  const count = rows.filter((row) => row.well && row.cluster.hold === null).length;
  lines.push(`${count} of ${rows.length} clusters have this release, synced and healthy`);
  return `${lines.join("\n")}\n`;
}

function isWell({ sync, health }: { readonly sync: string; readonly health: string }): boolean {
  return (sync === "Synced" && health === "Current") || sync === "Suspended";
}

function syncColour(sync: string): Colour {
  return sync === "Synced" ? "green" : sync === "Held" ? "yellow" : "red";
}

function ageText({ git, time }: Told): string {
  if (git === undefined) return `, reported ${time}`;
  return git.secondsSincePull === null ? ", git was never read" : `, git read ${duration(git.secondsSincePull)} ago`;
}

function troubles({ git, stateError }: Told): string[] {
  const said: string[] = [];
  if (git?.error != null) said.push(`git can't be read: ${git.error}`);
  if (git?.refused != null) said.push(`commit ${git.refused.commit.slice(0, 12)} is refused: ${git.refused.reason}`);
  if (git?.report != null) said.push(`the report can't be pushed: ${git.report}`);
  if (stateError != null) said.push(`the state can't be written: ${stateError}`);
  return said;
}
