import { forEachChild, type AnyNode, type ForNode, type NameNode, type StatementNode } from "../syntax/nodes.ts";

/** How a variable gets its first value when its scope is entered. */
export type Load =
  | { readonly how: "parameter" }
  /** Looked up in the context. */
  | { readonly how: "resolve"; readonly name: string }
  /** Taken from the variable of an outer scope. */
  | { readonly how: "alias"; readonly of: string }
  | { readonly how: "undefined" };

/** Hands out identifiers that no template can choose. */
export class Identifiers {
  #last = 0;
  next(): string {
    return `v${++this.#last}`;
  }
}

/**
 * The names of one scope and the JavaScript variables that hold them, as jinja2/idtracking.py decides: what a scope assigns is
 * its own from its beginning on, what it only reads is that of the nearest scope outside, and what no scope has is looked up in
 * the context when the outermost scope that reads it is entered.
 */
export class Symbols {
  readonly parent: Symbols | undefined;
  readonly #identifiers: Identifiers;
  /** The variables given out in this scope, shared with copies, so that branches agree on them. */
  #given = new Map<string, string>();
  #refs = new Map<string, string>();
  #loads = new Map<string, Load>();
  #stores = new Set<string>();

  constructor(identifiers: Identifiers, parent?: Symbols) {
    this.#identifiers = identifiers;
    this.parent = parent;
  }
  get loads(): ReadonlyMap<string, Load> {
    return this.#loads;
  }
  get stores(): ReadonlySet<string> {
    return this.#stores;
  }
  #define(name: string, load: Load): string {
    const ref = this.#given.get(name) ?? this.#identifiers.next();
    this.#given.set(name, ref);
    this.#refs.set(name, ref);
    this.#loads.set(ref, load);
    return ref;
  }
  findLoad(ref: string): Load | undefined {
    return this.#loads.get(ref) ?? this.parent?.findLoad(ref);
  }
  findRef(name: string): string | undefined {
    return this.#refs.get(name) ?? this.parent?.findRef(name);
  }
  /** The variable of a name that the scope is known to use. */
  ref(name: string): string {
    const ref = this.findRef(name);
    if (ref === undefined) throw new TypeError(`the name ${JSON.stringify(name)} is unknown to its scope`);
    return ref;
  }
  copy(): Symbols {
    const copy = new Symbols(this.#identifiers, this.parent);
    copy.#given = this.#given;
    copy.#refs = new Map(this.#refs);
    copy.#loads = new Map(this.#loads);
    copy.#stores = new Set(this.#stores);
    return copy;
  }
  store(name: string): void {
    this.#stores.add(name);
    if (this.#refs.has(name)) return;
    const outer = this.parent?.findRef(name);
    this.#define(name, outer === undefined ? { how: "undefined" } : { how: "alias", of: outer });
  }
  declareParameter(name: string): string {
    this.#stores.add(name);
    return this.#define(name, { how: "parameter" });
  }
  load(name: string): void {
    if (this.findRef(name) === undefined) this.#define(name, { how: "resolve", name });
  }
  /** Joins what the branches of an `if` did: a name that only some assigned has its outer value in the others. */
  branchUpdate(branches: readonly Symbols[]): void {
    const stores = new Set<string>();
    for (const branch of branches) for (const name of branch.#stores) if (!this.#stores.has(name)) stores.add(name);
    for (const branch of branches) {
      for (const [name, ref] of branch.#refs) this.#refs.set(name, ref);
      for (const [ref, load] of branch.#loads) this.#loads.set(ref, load);
      for (const name of branch.#stores) this.#stores.add(name);
    }
    for (const name of stores) {
      const ref = this.ref(name);
      const outer = this.parent?.findRef(name);
      this.#loads.set(ref, outer === undefined ? { how: "resolve", name } : { how: "alias", of: outer });
    }
  }
  /** Every name that this scope or one outside assigns, with its variable here. */
  dumpStores(): Map<string, string> {
    const found = new Map<string, string>();
    for (const name of [...this.#stores].sort()) found.set(name, this.ref(name));
    for (const [name, ref] of this.parent?.dumpStores() ?? []) if (!found.has(name)) found.set(name, this.findRef(name) ?? ref);
    return found;
  }
  /** The variables that are parameters of this scope. */
  parameters(): Set<string> {
    return new Set([...this.#loads].filter(([, load]) => load.how === "parameter").map(([ref]) => ref));
  }

  /** Takes in the names that the body of a node uses, as seen from within it. */
  analyze(node: AnyNode, branch: "body" | "else" | "test" = "body"): void {
    const visit = new Visitor(this);
    switch (node.typename) {
      case "ForTag":
        this.#analyzeFor(visit, node, branch);
        break;
      case "AssignBlock":
        visit.all(node.body);
        break;
      case "CallTag":
        visit.all(node.args);
        visit.all(node.defaults);
        visit.all(node.body);
        break;
      case "With":
        visit.all(node.targets);
        visit.all(node.body);
        break;
      default:
        forEachChild(node, (child) => visit.visit(child));
    }
  }
  #analyzeFor(visit: Visitor, node: ForNode, branch: "body" | "else" | "test"): void {
    if (branch === "else") {
      visit.all(node.else_);
      return;
    }
    visit.parameters(node.target);
    if (branch === "body") visit.all(node.body);
    else if (node.test !== null) visit.visit(node.test);
  }
}

/** Walks one scope; what has a scope of its own is not entered. */
class Visitor {
  #symbols: Symbols;
  constructor(symbols: Symbols) {
    this.#symbols = symbols;
  }
  all(nodes: readonly AnyNode[]): void {
    for (const node of nodes) this.visit(node);
  }
  parameters(target: AnyNode): void {
    if (target.typename === "Name") this.#symbols.declareParameter(target.name);
    else if (target.typename === "NsRef") this.#symbols.load(target.name);
    else forEachChild(target, (child) => this.parameters(child));
  }
  visit(node: AnyNode): void {
    switch (node.typename) {
      case "Name":
        this.#name(node);
        break;
      case "NsRef":
        this.#symbols.load(node.name);
        break;
      case "IfTag": {
        this.visit(node.cond);
        const branches = [node.body, node.elifs, node.else_].map((body) => this.#branch(body));
        this.#symbols.branchUpdate(branches);
        break;
      }
      case "MacroTag":
        this.#symbols.store(node.name);
        break;
      case "Import":
        this.visit(node.template);
        this.#symbols.store(node.target);
        break;
      case "FromImport":
        this.visit(node.template);
        for (const [, alias] of node.names) this.#symbols.store(alias);
        break;
      case "Assign":
        this.visit(node.value);
        this.visit(node.target);
        break;
      case "ForTag":
        this.visit(node.iter);
        break;
      case "CallTag":
        this.visit(node.call);
        break;
      case "FilterTag":
        this.visit(node.filter);
        break;
      case "With":
        this.all(node.values);
        break;
      case "AssignBlock":
        this.visit(node.target);
        break;
      case "Autoescape":
      case "BlockTag":
        break;
      default:
        forEachChild(node, (child) => this.visit(child));
    }
  }
  #name(node: NameNode): void {
    if (node.ctx === "param") this.#symbols.declareParameter(node.name);
    else if (node.ctx === "store") this.#symbols.store(node.name);
    else this.#symbols.load(node.name);
  }
  #branch(body: readonly AnyNode[]): Symbols {
    const outer = this.#symbols;
    this.#symbols = outer.copy();
    this.all(body);
    const branch = this.#symbols;
    this.#symbols = outer;
    return branch;
  }
}

/** Which of the names are read in the body before anything there assigns them; blocks are not looked into. */
export function findUndeclared(body: readonly AnyNode[], names: readonly string[]): Set<string> {
  const left = new Set(names);
  const undeclared = new Set<string>();
  const visit = (node: AnyNode): void => {
    if (node.typename === "BlockTag") return;
    if (node.typename !== "Name") forEachChild(node, visit);
    else if (node.ctx === "load" && left.has(node.name)) undeclared.add(node.name);
    else left.delete(node.name);
  };
  for (const node of body) visit(node);
  return undeclared;
}

/** What the compiler knows of the scope it is in (jinja2.compiler.Frame). */
export class Frame {
  readonly identifiers: Identifiers;
  symbols: Symbols;
  /** Whether output is only wanted while no parent template is known. */
  requireOutputCheck = false;
  /** The JavaScript variable that output goes to. */
  buffer: string;
  toplevel = false;
  rootlevel = false;
  loopFrame = false;
  blockFrame = false;
  /** In a condition, where an unknown filter only matters if it is reached. */
  soft = false;

  constructor(identifiers: Identifiers, symbols: Symbols, buffer: string) {
    this.identifiers = identifiers;
    this.symbols = symbols;
    this.buffer = buffer;
  }
  static root(identifiers: Identifiers, buffer: string): Frame {
    return new Frame(identifiers, new Symbols(identifiers), buffer);
  }
  inner(): Frame {
    const frame = new Frame(this.identifiers, new Symbols(this.identifiers, this.symbols), this.buffer);
    frame.requireOutputCheck = this.requireOutputCheck;
    return frame;
  }
  /** The same scope within a condition. */
  softened(): Frame {
    const frame = new Frame(this.identifiers, this.symbols.copy(), this.buffer);
    frame.requireOutputCheck = this.requireOutputCheck;
    frame.toplevel = this.toplevel;
    frame.loopFrame = this.loopFrame;
    frame.blockFrame = this.blockFrame;
    frame.soft = true;
    return frame;
  }
}

/** The statements of a template in which blocks are defined, with those inside of other tags. */
export function findBlocks(body: readonly StatementNode[], found: (node: AnyNode & { readonly typename: "BlockTag" }) => void): void {
  const visit = (node: AnyNode): void => {
    if (node.typename === "BlockTag") found(node);
    forEachChild(node, visit);
  };
  for (const node of body) visit(node);
}
