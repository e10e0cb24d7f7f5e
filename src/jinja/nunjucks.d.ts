/** What of nunjucks 3.2.4's inner modules this room builds on: the node classes and the compiler's skeleton. */

declare module "nunjucks/src/nodes.js" {
  /** A node class. Instances have a getter `typename`, `fields`, `lineno`, `colno` and the fields. */
  export interface NodeClass {
    /** `N` says which fields the class was extended with; nunjucks itself has no types. */
    new <N>(lineno: number, colno: number, fields: object): N;
    readonly prototype: object;
    extend(name: string): NodeClass;
  }
  interface Nodes {
    readonly Node: NodeClass;
    readonly NodeList: NodeClass;
    readonly Root: NodeClass;
    readonly Literal: NodeClass;
    readonly Symbol: NodeClass;
    readonly Group: NodeClass;
    readonly Array: NodeClass;
    readonly Pair: NodeClass;
    readonly Dict: NodeClass;
    readonly LookupVal: NodeClass;
    readonly If: NodeClass;
    readonly InlineIf: NodeClass;
    readonly For: NodeClass;
    readonly Macro: NodeClass;
    readonly Caller: NodeClass;
    readonly Import: NodeClass;
    readonly FromImport: NodeClass;
    readonly FunCall: NodeClass;
    readonly Filter: NodeClass;
    readonly Block: NodeClass;
    readonly Extends: NodeClass;
    readonly Include: NodeClass;
    readonly Set: NodeClass;
    readonly Output: NodeClass;
    readonly Capture: NodeClass;
    readonly TemplateData: NodeClass;
    readonly Is: NodeClass;
    readonly Or: NodeClass;
    readonly And: NodeClass;
    readonly Not: NodeClass;
    readonly Add: NodeClass;
    readonly Concat: NodeClass;
    readonly Sub: NodeClass;
    readonly Mul: NodeClass;
    readonly Div: NodeClass;
    readonly FloorDiv: NodeClass;
    readonly Mod: NodeClass;
    readonly Pow: NodeClass;
    readonly Neg: NodeClass;
    readonly Pos: NodeClass;
    readonly Compare: NodeClass;
    readonly CompareOperand: NodeClass;
  }
  const nodes: Nodes;
  export default nodes;
}

declare module "nunjucks/src/compiler.js" {
  /** Walks nodes, calling `compile<typename>` for each, and gathers emitted code in `codebuf`. */
  export class Compiler {
    constructor(templateName?: string, throwOnUndefined?: boolean);
    codebuf: string[];
    buffer: string | null;
    /** Calls the method named after the node's `typename`. */
    compile(node: object, frame: unknown): void;
    _emit(code: string): void;
    _emitLine(code: string): void;
    /** A new JavaScript identifier: `t_1`, `t_2` … */
    _tmpid(): string;
  }
  const compiler: { readonly Compiler: typeof Compiler };
  export default compiler;
}
