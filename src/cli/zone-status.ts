import { join } from "node:path";
import { fetchReports } from "../git/index.ts";
import { parseReport, type ZoneReport } from "../sync/index.ts";
import { EnvironmentError, UsageError, type CommandContext, type ExitCode } from "./command.ts";
import { zoneSetting } from "./sync.ts";
import { zoneText } from "./zone-text.ts";

/** `halite status` of zones: what they have last reported, read from git. No cluster and no zone is asked. */
export async function zonesStatus(context: CommandContext): Promise<ExitCode> {
  const { arguments: args, terminal } = context;
  const wanted = args.value("az");
  const { git, folder } = zoneSetting(context, wanted ?? "all");
  // Not the job's own store, which is one process's.
  const fetched = await fetchReports({ ...git, store: join(folder, ".halite/status.git"), trusted: null });
  const reports: ZoneReport[] = [];
  for (const [az, { content }] of [...fetched].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const report = parseReport(content);
    // Shards of a zone report by themselves.
    if (wanted !== undefined && (typeof report === "string" ? az : report.az) !== wanted) continue;
    if (typeof report === "string") terminal.err(`halite: zone ${az}: ${report}\n`);
    else reports.push(report);
  }
  if (reports.length === 0) {
    const known = [...fetched.keys()].join(", ");
    if (wanted !== undefined && fetched.size > 0) throw new UsageError(`no zone ${wanted} has reported; these have: ${known}`);
    throw new EnvironmentError(
      `no zone has reported to ${git.remote.display} (branches ${git.prefix}/AZ)`,
      "`halite sync --az AZ` keeps a zone and reports; `halite status --cluster ID` asks one cluster itself",
    );
  }
  if (args.flag("json")) terminal.out(`${JSON.stringify({ zones: reports }, undefined, 2)}\n`);
  else terminal.out(reports.map((report) => zoneText(report, terminal, args.flag("reasons"))).join("\n"));
  return reports.every(({ clusters }) => clusters.every(({ synced, healthy, hold }) => synced && healthy && hold === null)) ? 0 : 1;
}
