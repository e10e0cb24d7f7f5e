import { call, constant, fold, ident, list, mapBelow, qualifiedName, type Call, type Node } from "./node.ts";

/** A mistake in an expression, before it is ever evaluated. */
export interface Mistake {
  /** Of the node that has it. */
  readonly id: bigint;
  readonly message: string;
}

export interface RewriteInput {
  /** Offset of a node in the text. */
  readonly offset: (id: bigint) => number;
  /** The text, see `withoutOptionals`. */
  readonly text: string;
  readonly optional: ReadonlySet<number>;
  /** The identifiers that there are. */
  readonly names: ReadonlySet<string>;
  /** Functions and methods, the qualified ones with their names. */
  readonly functions: ReadonlySet<string>;
  /** Names below `variables`. */
  readonly variables: ReadonlySet<string>;
  /** What is wrong with a text that is given to a function as it stands, if anything is. */
  readonly literal: (name: string, text: string) => string | undefined;
}

export interface Rewritten {
  readonly node: Node;
  readonly mistakes: readonly Mistake[];
}

/**
 * Makes of what the parser gives what the evaluator takes: macros over two variables and of optionals are spelt out, `variables.x` becomes a
 * call that evaluates it when it is needed, every loop counts its steps, and names that there are not are found.
 */
export function rewrite(root: Node, input: RewriteInput): Rewritten {
  const rewriter = new Rewriter(input);
  return { node: rewriter.rewrite(root, new Set()), mistakes: rewriter.mistakes };
}

const RESULT = "@result";
const TRANSFORMS = new Set(["transformList", "transformMap", "transformMapEntry"]);

class Rewriter {
  readonly mistakes: Mistake[] = [];
  readonly #input: RewriteInput;
  #pairs = 0;

  constructor(input: RewriteInput) {
    this.#input = input;
  }

  rewrite(node: Node, bound: ReadonlySet<string>): Node {
    const { id, exprKind } = node;
    switch (exprKind.case) {
      case "identExpr":
        return this.#ident(node, exprKind.value.name, bound);
      case "selectExpr":
        return this.#select(node, bound);
      case "callExpr":
        return this.#call(id, exprKind.value, bound);
      case "listExpr": {
        const flags = exprKind.value.elements.map((element) => this.#isOptionalAt(element));
        const elements = exprKind.value.elements.map((element) => this.rewrite(element, bound));
        if (!flags.includes(true)) return list(id, elements);
        return call(id, "@list", [
          list(id, elements),
          list(
            id,
            flags.map((flag) => constant(id, "boolValue", flag)),
          ),
        ]);
      }
      case "structExpr":
        return this.#struct(node, bound);
      default:
        return this.#below(node, bound);
    }
  }

  #below(node: Node, bound: ReadonlySet<string>): Node {
    const made = mapBelow(node, (below, inner) => this.rewrite(below, inner.length === 0 ? bound : new Set([...bound, ...inner])));
    if (made.exprKind.case !== "comprehensionExpr") return made;
    const { loopCondition } = made.exprKind.value;
    // The count comes first, and its error ends the loop.
    return fold(made.id, { ...made.exprKind.value, loopCondition: call(made.id, "_&&_", [call(made.id, "@count", []), loopCondition]) });
  }

  #ident(node: Node, name: string, bound: ReadonlySet<string>): Node {
    if (name === "variables" && !bound.has(name)) {
      this.mistakes.push({ id: node.id, message: "variables is no value: name one of them, variables.NAME" });
    } else if (!bound.has(name) && !name.startsWith("@") && !this.#input.names.has(name)) {
      this.mistakes.push({ id: node.id, message: `undeclared reference to '${name}'` });
    }
    return node;
  }

  #select(node: Node, bound: ReadonlySet<string>): Node {
    if (node.exprKind.case !== "selectExpr") return node;
    const { operand, field, testOnly } = node.exprKind.value;
    if (operand.exprKind.case === "identExpr" && operand.exprKind.value.name === "variables" && !bound.has("variables")) {
      if (!this.#input.variables.has(field))
        this.mistakes.push({ id: node.id, message: `there is no variable ${field} before this place` });
      return testOnly ? constant(node.id, "boolValue", this.#input.variables.has(field)) : this.#variable(node.id, field);
    }
    const from = this.rewrite(operand, bound);
    const isOptional = this.#input.optional.has(this.#input.offset(node.id) + 1);
    if (isOptional) return call(node.id, "@select", [from, constant(node.id, "stringValue", field.slice(1))]);
    // A field of an optional is an optional.
    if (this.#makesOptional(from)) {
      const found = call(node.id, "@select", [from, constant(node.id, "stringValue", field)]);
      return testOnly ? call(node.id, "@present", [found]) : found;
    }
    // A qualified name of a type, such as google.protobuf.Timestamp, stays.
    const name = qualifiedName(node);
    if (name !== undefined && /^google\.protobuf\.(?:Timestamp|Duration)$/.test(name)) return node;
    return { id: node.id, exprKind: { case: "selectExpr", value: { operand: from, field, testOnly } } };
  }

  #variable(id: bigint, name: string): Node {
    return call(id, "@variable", [constant(id, "stringValue", name)]);
  }

  #makesOptional({ exprKind }: Node): boolean {
    if (exprKind.case !== "callExpr") return false;
    return exprKind.value.function === "@select" || exprKind.value.function === "@index";
  }

  #isOptionalAt(element: Node): boolean {
    // The mark stands right before what it is on, but for blanks.
    const first = this.#firstOffset(element);
    return [...this.#input.optional].some((at) => at < first && !this.#anyBetween(at, first));
  }

  #firstOffset(node: Node): number {
    let first = this.#input.offset(node.id);
    mapBelow(node, (below) => {
      first = Math.min(first, this.#firstOffset(below));
      return below;
    });
    return first;
  }

  #anyBetween(from: number, to: number): boolean {
    return this.#input.text.slice(from + 1, to).trim() !== "";
  }

  #struct(node: Node, bound: ReadonlySet<string>): Node {
    const made = this.#below(node, bound);
    if (node.exprKind.case !== "structExpr" || made.exprKind.case !== "structExpr") return made;
    const { messageName, entries } = made.exprKind.value;
    if (messageName !== "") this.mistakes.push({ id: node.id, message: `undeclared reference to '${messageName}'` });
    const flags = node.exprKind.value.entries.map(({ keyKind }) => keyKind.case === "mapKey" && this.#isOptionalAt(keyKind.value));
    if (!flags.includes(true)) return made;
    const keys = entries.flatMap(({ keyKind }) => (keyKind.case === "mapKey" ? [keyKind.value] : []));
    const optional = flags.map((flag) => constant(node.id, "boolValue", flag));
    const { id } = node;
    return call(id, "@map", [
      list(id, keys),
      list(
        id,
        entries.map(({ value }) => value),
      ),
      list(id, optional),
    ]);
  }

  #call(id: bigint, { function: name, target, args }: Call, bound: ReadonlySet<string>): Node {
    if (name === "_[_]") {
      const [from, index] = args.map((arg) => this.rewrite(arg, bound));
      const [, original] = args;
      if (from === undefined || index === undefined || original === undefined) return call(id, name, args);
      return this.#isOptionalAt(original) || this.#makesOptional(from) ? call(id, "@index", [from, index]) : call(id, name, [from, index]);
    }
    const macro = target === undefined ? undefined : this.#macro(id, name, target, args, bound);
    if (macro !== undefined) return macro;
    const qualified = target === undefined ? undefined : qualifiedName(target);
    const whole = qualified === undefined ? undefined : `${qualified}.${name}`;
    const given = args.map((arg) => this.rewrite(arg, bound));
    const literal = args[0]?.exprKind.case === "constExpr" ? args[0].exprKind.value.constantKind.value : undefined;
    const wrong = typeof literal === "string" ? this.#input.literal(name, literal) : undefined;
    if (wrong !== undefined) this.mistakes.push({ id, message: wrong });
    if (whole !== undefined && this.#input.functions.has(whole)) return call(id, whole, given);
    if (!/^[@_!-]/.test(name) && !this.#input.functions.has(name)) this.mistakes.push({ id, message: `undeclared reference to '${name}'` });
    return call(id, name, given, target === undefined ? undefined : this.rewrite(target, bound));
  }

  #macro(id: bigint, name: string, target: Node, args: readonly Node[], bound: ReadonlySet<string>): Node | undefined {
    const [first, second, third, fourth] = args;
    if (first === undefined) return undefined;
    if (name === "orValue" || name === "or") {
      const from = this.rewrite(target, bound);
      const found = name === "or" ? from : call(id, "@value", [from]);
      return call(id, "_?_:_", [call(id, "@present", [from]), found, this.rewrite(first, bound)]);
    }
    if (second === undefined) return undefined;
    if ((name === "optMap" || name === "optFlatMap") && args.length === 2) {
      const from = this.rewrite(target, bound);
      const own = this.#boundName(first);
      const made = this.#bind(id, own, call(id, "@value", [from]), this.rewrite(second, new Set([...bound, own])));
      const result = name === "optMap" ? call(id, "optional.of", [made]) : made;
      return call(id, "_?_:_", [call(id, "@present", [from]), result, call(id, "optional.none", [])]);
    }
    if (third === undefined || !(["all", "exists", "existsOne", "exists_one"].includes(name) || TRANSFORMS.has(name))) return undefined;
    return this.#twoVariables(
      id,
      name,
      { target, key: first, value: second, rest: fourth === undefined ? [third] : [third, fourth] },
      bound,
    );
  }

  #boundName(node: Node): string {
    if (node.exprKind.case === "identExpr") return node.exprKind.value.name;
    this.mistakes.push({ id: node.id, message: "a macro's variable must be a simple name" });
    return "@none";
  }

  /** `value` under a name within an expression. */
  #bind(id: bigint, name: string, value: Node, within: Node): Node {
    return fold(id, {
      accuVar: name,
      iterVar: "@unused",
      accuInit: value,
      iterRange: list(id, []),
      loopCondition: constant(id, "boolValue", false),
      loopStep: ident(id, name),
      result: within,
    });
  }

  #twoVariables(
    id: bigint,
    name: string,
    { target, key, value, rest }: { readonly target: Node; readonly key: Node; readonly value: Node; readonly rest: readonly Node[] },
    bound: ReadonlySet<string>,
  ): Node {
    const pair = `@pair${this.#pairs++}`;
    const own = new Map([this.#boundName(key), this.#boundName(value)].map((variable, index) => [variable, index]));
    const part = (index: number): Node => call(id, "_[_]", [ident(id, pair), constant(id, "int64Value", BigInt(index))]);
    const within = new Set([...bound, ...own.keys()]);
    const [predicate, transform] = rest.map((node) => replaced(this.rewrite(node, within), own, part));
    if (predicate === undefined) return target;
    const result = ident(id, RESULT);
    const counted = (condition: Node): Node => call(id, "_&&_", [call(id, "@count", []), condition]);
    const loop = (accuInit: Node, condition: Node, loopStep: Node, end: Node = result): Node =>
      fold(id, {
        accuVar: RESULT,
        iterVar: pair,
        accuInit,
        iterRange: call(id, "@pairs", [this.rewrite(target, bound)]),
        loopCondition: counted(condition),
        loopStep,
        result: end,
      });
    const always = constant(id, "boolValue", true);
    const filtered = (step: Node): Node => (transform === undefined ? step : call(id, "_?_:_", [predicate, step, result]));
    const made = transform ?? predicate;
    switch (name) {
      case "all":
        return loop(always, call(id, "@not_strictly_false", [result]), call(id, "_&&_", [result, predicate]));
      case "exists":
        return loop(
          constant(id, "boolValue", false),
          call(id, "@not_strictly_false", [call(id, "!_", [result])]),
          call(id, "_||_", [result, predicate]),
        );
      case "transformList":
        return loop(list(id, []), always, filtered(call(id, "_+_", [result, list(id, [made])])));
      case "transformMap":
        return loop(call(id, "@empty", []), always, filtered(call(id, "@insert", [result, part(0), made])));
      case "transformMapEntry":
        return loop(call(id, "@empty", []), always, filtered(call(id, "@merge", [result, made])));
      default: {
        const one = constant(id, "int64Value", 1n);
        const step = call(id, "_?_:_", [predicate, call(id, "_+_", [result, one]), result]);
        return loop(constant(id, "int64Value", 0n), always, step, call(id, "_==_", [result, one]));
      }
    }
  }
}

/** The node with variables replaced, but where an inner loop has its own of the name. */
function replaced(node: Node, variables: ReadonlyMap<string, number>, part: (index: number) => Node): Node {
  if (node.exprKind.case === "identExpr") {
    const index = variables.get(node.exprKind.value.name);
    return index === undefined ? node : part(index);
  }
  return mapBelow(node, (below, inner) => {
    const left = new Map([...variables].filter(([name]) => !inner.includes(name)));
    return left.size === 0 ? below : replaced(below, left, part);
  });
}
