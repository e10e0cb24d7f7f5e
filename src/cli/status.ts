import { clusterStatus, type AddonReport } from "../cluster/index.ts";
import { UsageError, type Command, type CommandContext } from "./command.ts";
import { withPlan } from "./cluster-target.ts";
import type { Colour } from "./terminal.ts";

/** `halite status`. */
export const command: Command = {
  run: async (context) => {
    const { arguments: args } = context;
    if (args.value("cluster") === undefined) return await (await import("./zone-status.ts")).zonesStatus(context);
    if (args.value("az") !== undefined) throw new UsageError("--cluster and --az exclude each other");
    return await withPlan(context, {}, async ({ client, plan, desired, observed, cluster, from }) => {
      const reports = await clusterStatus(client, plan, desired, observed);
      const { terminal } = context;
      if (context.arguments.flag("json")) {
        const addons = reports.map(({ name, status, commit, reasons }) => ({ name, ...status, commit, reasons }));
        terminal.out(
          `${JSON.stringify({ cluster: cluster.id, server: client.server, from, commit: plan.commit, addons }, undefined, 2)}\n`,
        );
      } else terminal.out(statusText(reports, context, `${cluster.id} (${client.server}), wanted: ${from}`));
      return reports.every(isWell) ? 0 : 1;
    });
  },
};

function isWell({ status }: AddonReport): boolean {
  return status.sync === "Synced" && status.health === "Current";
}

/** What needs looking at first, with its reasons; then what is well. */
function statusText(reports: readonly AddonReport[], { terminal, arguments: args }: CommandContext, head: string): string {
  const ordered = [...reports.filter((each) => !isWell(each)), ...reports.filter(isWell)];
  const name = Math.max(5, ...ordered.map((each) => each.name.length));
  const sync = Math.max(4, ...ordered.map(({ status }) => status.sync.length));
  const health = Math.max(6, ...ordered.map(({ status }) => status.health.length));
  const lines = [
    head,
    terminal.paint("dim", `${"ADDON".padEnd(name)}  ${"SYNC".padEnd(sync)}  ${"HEALTH".padEnd(health)}  OBJECTS  REASON`),
  ];
  for (const report of ordered) {
    const { status } = report;
    const objects = `${status.healthy}/${status.objects}`.padEnd(7);
    const row = `${report.name.padEnd(name)}  ${terminal.paint(syncColour(status.sync), status.sync.padEnd(sync))}  ${terminal.paint(status.health === "Current" ? "green" : status.health === "Failed" ? "red" : "yellow", status.health.padEnd(health))}  ${objects}  ${status.reason}`;
    lines.push(row.trimEnd());
    const shown = args.flag("reasons") ? report.reasons : report.reasons.slice(0, isWell(report) ? 0 : 3);
    for (const reason of shown)
      if (!reason.startsWith(status.reason.split(": ")[0] ?? "\0") || args.flag("reasons"))
        lines.push(`  ${terminal.paint("dim", reason)}`);
    if (!args.flag("reasons") && report.reasons.length > 4)
      lines.push(`  ${terminal.paint("dim", `and ${report.reasons.length - 3} more (--reasons shows all)`)}`);
  }
  return `${lines.join("\n")}\n`;
}

function syncColour(sync: string): Colour {
  if (sync === "Synced") return "green";
  return sync === "Failed" || sync === "Refused" ? "red" : "yellow";
}
