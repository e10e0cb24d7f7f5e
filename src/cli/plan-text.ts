import { describeRef, type AddonPlan, type Operation, type OperationName, type Plan } from "../cluster/index.ts";
import type { Colour, Terminal } from "./terminal.ts";

/** Sign and colour of each operation: what changes the cluster first. */
const SIGNS: Readonly<Record<OperationName, readonly [string, Colour]>> = {
  create: ["+", "green"],
  update: ["~", "yellow"],
  adopt: ["^", "yellow"],
  replace: ["!", "red"],
  prune: ["-", "red"],
  orphan: ["o", "dim"],
  wait: [".", "cyan"],
  refuse: ["x", "red"],
  skip: [" ", "dim"],
};
const COUNTED: readonly OperationName[] = ["refuse", "prune", "replace", "create", "update", "adopt", "wait", "orphan", "skip"];

/** A plan for people: one block an addon, what is as it should be only counted. */
export function planText(plan: Plan, terminal: Terminal): string {
  const lines: string[] = [];
  for (const why of plan.refused) lines.push(`${terminal.paint("red", "refused")}: ${why}`);
  for (const addon of plan.addons) lines.push(...addonLines(addon, terminal));
  for (const note of plan.notes) lines.push(`${terminal.paint("dim", "note")}: ${note}`);
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

function addonLines(addon: AddonPlan, terminal: Terminal): string[] {
  const state = addon.state === "apply" ? "" : `${addon.state}: ${addon.why}`;
  const counted = countWords(addon.operations);
  const head = `${terminal.paint("bold", addon.name)}  ${[state, counted].filter((each) => each !== "").join("; ")}`;
  const shown = addon.state === "suspended" || addon.state === "refused" ? [] : addon.operations.filter(({ op }) => op !== "skip");
  return [head.trimEnd(), ...shown.flatMap((operation) => operationLines(operation, terminal))];
}

function operationLines(operation: Operation, terminal: Terminal): string[] {
  const [sign, colour] = SIGNS[operation.op];
  const line = `  ${terminal.paint(colour, `${sign} ${operation.op.padEnd(7)}`)} ${describeRef(operation.ref)}  ${terminal.paint("dim", operation.reason)}`;
  if (operation.op !== "update" && operation.op !== "adopt") return [line];
  const changes = operation.changes.slice(0, 12).map(({ path, from, to }) => {
    if (from === undefined && to === undefined) return `      ${path}`;
    return `      ${path}: ${valueText(from)} → ${valueText(to)}`;
  });
  const more = operation.changes.length > 12 ? [`      and ${operation.changes.length - 12} more fields (--json shows them)`] : [];
  return [line, ...changes, ...more];
}

function valueText(value: unknown): string {
  if (value === undefined) return "(none)";
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** `2 to create, 1 refused, 9 unchanged` */
export function countWords(operations: readonly Operation[]): string {
  const words: Readonly<Record<OperationName, string>> = {
    create: "to create",
    update: "to update",
    adopt: "to adopt",
    replace: "to replace",
    prune: "to prune",
    orphan: "let go",
    wait: "waiting",
    refuse: "refused",
    skip: "unchanged",
  };
  return COUNTED.flatMap((name) => {
    const count = operations.filter(({ op }) => op === name).length;
    return count === 0 ? [] : [`${count} ${words[name]}`];
  }).join(", ");
}

/** A plan as JSON, stable: no secret value is in it. */
export function planJson(plan: Plan, from: string): Readonly<Record<string, unknown>> {
  return {
    cluster: plan.cluster,
    server: plan.server,
    from,
    commit: plan.commit,
    refused: plan.refused,
    notes: plan.notes,
    addons: plan.addons.map((addon) => ({
      name: addon.name,
      state: addon.state,
      why: addon.why,
      dependsOn: addon.dependsOn,
      operations: addon.operations.map(operationJson),
    })),
  };
}

export function operationJson(operation: Operation): Readonly<Record<string, unknown>> {
  const { op, ref, mode, reason, phase } = operation;
  return {
    op,
    apiVersion: ref.group === "" ? ref.version : `${ref.group}/${ref.version}`,
    kind: ref.kind,
    ...(ref.namespace === null ? {} : { namespace: ref.namespace }),
    name: ref.name,
    mode,
    phase,
    reason,
    ...(operation.op === "update" || operation.op === "adopt" ? { changes: operation.changes, conflicts: operation.conflicts } : {}),
  };
}
