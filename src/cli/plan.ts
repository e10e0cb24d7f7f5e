import { changesAnything } from "../cluster/index.ts";
import type { Command } from "./command.ts";
import { withPlan } from "./cluster-target.ts";
import { countWords, planJson, planText } from "./plan-text.ts";

/** `halite plan`. */
export const command: Command = {
  run: async (context) =>
    await withPlan(
      context,
      { plan: { besideAddonManager: context.arguments.flag("beside-addon-manager"), handBack: context.arguments.flag("hand-back") } },
      async ({ plan, from, cluster }) => {
        const { terminal } = context;
        if (context.arguments.flag("json")) terminal.out(`${JSON.stringify(planJson(plan, from), undefined, 2)}\n`);
        else {
          terminal.out(planText(plan, terminal));
          const counted = countWords(plan.addons.flatMap(({ operations }) => operations));
          terminal.out(`${cluster.id} (${plan.server}) from ${from}: ${counted === "" ? "nothing to do" : counted}\n`);
        }
        const refused =
          plan.refused.length > 0 ||
          plan.addons.some(
            ({ state, operations }) =>
              state === "failed" || state === "refused" || operations.some(({ op }) => op === "refuse" || op === "wait"),
          );
        return refused || changesAnything(plan) ? 1 : 0;
      },
    ),
};
