/** Expressions as the parser gives them (cel/expr/syntax.proto), as far as they are looked at. */
export interface Node {
  readonly id: bigint;
  readonly exprKind:
    | { readonly case: "identExpr"; readonly value: { readonly name: string } }
    | { readonly case: "constExpr"; readonly value: { readonly constantKind: { readonly case: string; readonly value: unknown } } }
    | { readonly case: "callExpr"; readonly value: Call }
    | { readonly case: "listExpr"; readonly value: { readonly elements: readonly Node[]; readonly optionalIndices: readonly number[] } }
    | { readonly case: "structExpr"; readonly value: { readonly messageName: string; readonly entries: readonly Entry[] } }
    | { readonly case: "selectExpr"; readonly value: Select }
    | { readonly case: "comprehensionExpr"; readonly value: Comprehension };
}

export interface Call {
  readonly function: string;
  readonly target?: Node | undefined;
  readonly args: readonly Node[];
}

export interface Select {
  readonly operand: Node;
  readonly field: string;
  readonly testOnly: boolean;
}

export interface Entry {
  readonly id: bigint;
  readonly keyKind:
    | { readonly case: "mapKey"; readonly value: Node }
    | { readonly case: "fieldKey"; readonly value: string }
    | { readonly case: undefined; readonly value?: undefined };
  readonly value: Node;
  readonly optionalEntry: boolean;
}

export interface Comprehension {
  readonly accuVar: string;
  readonly accuInit: Node;
  readonly iterVar: string;
  readonly iterVar2: string;
  readonly iterRange: Node;
  readonly loopCondition: Node;
  readonly loopStep: Node;
  readonly result: Node;
}

export function ident(id: bigint, name: string): Node {
  return { id, exprKind: { case: "identExpr", value: { name } } };
}

export function call(id: bigint, name: string, args: readonly Node[], target?: Node): Node {
  return { id, exprKind: { case: "callExpr", value: { function: name, args, ...(target !== undefined && { target }) } } };
}

export function constant(id: bigint, kind: "boolValue" | "int64Value" | "stringValue", value: boolean | bigint | string): Node {
  return { id, exprKind: { case: "constExpr", value: { constantKind: { case: kind, value } } } };
}

export function list(id: bigint, elements: readonly Node[]): Node {
  return { id, exprKind: { case: "listExpr", value: { elements, optionalIndices: [] } } };
}

export function fold(id: bigint, value: Omit<Comprehension, "iterVar2">): Node {
  return { id, exprKind: { case: "comprehensionExpr", value: { ...value, iterVar2: "" } } };
}

/** The node with every node directly below it replaced. `inner`: the names that are bound there. */
export function mapBelow(node: Node, change: (below: Node, inner: readonly string[]) => Node): Node {
  const { id, exprKind } = node;
  const outer = (below: Node): Node => change(below, []);
  switch (exprKind.case) {
    case "identExpr":
    case "constExpr":
      return node;
    case "callExpr": {
      const { target, args } = exprKind.value;
      return call(id, exprKind.value.function, args.map(outer), target === undefined ? undefined : outer(target));
    }
    case "listExpr":
      return { id, exprKind: { case: "listExpr", value: { ...exprKind.value, elements: exprKind.value.elements.map(outer) } } };
    case "selectExpr":
      return { id, exprKind: { case: "selectExpr", value: { ...exprKind.value, operand: outer(exprKind.value.operand) } } };
    case "structExpr": {
      const entries = exprKind.value.entries.map((entry): Entry => {
        const { keyKind } = entry;
        return {
          ...entry,
          keyKind: keyKind.case === "mapKey" ? { case: "mapKey", value: outer(keyKind.value) } : keyKind,
          value: outer(entry.value),
        };
      });
      return { id, exprKind: { case: "structExpr", value: { ...exprKind.value, entries } } };
    }
    default: {
      const { accuVar, iterVar, accuInit, iterRange, loopCondition, loopStep, result } = exprKind.value;
      const inner = (below: Node): Node => change(below, [accuVar, iterVar]);
      return fold(id, {
        accuVar,
        iterVar,
        accuInit: outer(accuInit),
        iterRange: outer(iterRange),
        loopCondition: inner(loopCondition),
        loopStep: inner(loopStep),
        result: change(result, [accuVar]),
      });
    }
  }
}

/** `a.b.c` of plain selections from an identifier. */
export function qualifiedName(node: Node): string | undefined {
  if (node.exprKind.case === "identExpr") return node.exprKind.value.name;
  if (node.exprKind.case !== "selectExpr" || node.exprKind.value.testOnly) return undefined;
  const above = qualifiedName(node.exprKind.value.operand);
  return above === undefined ? undefined : `${above}.${node.exprKind.value.field}`;
}
