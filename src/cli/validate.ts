import { findingsByCluster } from "../fleet/index.ts";
import { UsageError, type Command } from "./command.ts";
import { summary } from "./render.ts";
import { countFindings, findingJson, foldFindings, printFindings } from "./report.ts";
import { compileFleet, openFleet } from "./session.ts";

/** `halite validate`. */
export const command: Command = {
  run: async (context) => {
    const { arguments: args, terminal } = context;
    if (args.positional.length > 0)
      throw new UsageError(`validate takes no arguments; pick clusters with --clusters ${JSON.stringify(args.positional[0])}`);
    const fleet = openFleet(context);
    const compiles = await compileFleet(context, fleet);
    const findings = foldFindings(findingsByCluster(fleet, compiles));
    const bad = findings.some(({ finding }) => finding.severity === "error" || (finding.severity === "warning" && args.flag("strict")));
    if (args.flag("json")) terminal.out(`${JSON.stringify({ valid: !bad, findings: findings.map(findingJson) }, undefined, 2)}\n`);
    else {
      const accepted = findings.filter(({ finding }) => finding.accepted !== undefined);
      const shown = args.flag("accepted") ? findings : findings.filter((each) => !accepted.includes(each));
      printFindings(terminal, shown, compiles.length, true);
      const counted = countFindings(shown);
      const hidden =
        shown === findings || accepted.length === 0 ? "" : `; ${accepted.length} accepted on their objects (--accepted shows them)`;
      terminal.out(`${summary(compiles)}: ${counted === "" ? "no findings" : counted}${hidden}\n`);
    }
    return bad ? 1 : 0;
  },
};
