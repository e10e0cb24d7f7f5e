import { someNode } from "../syntax/nodes.ts";
import type {
  AnyNode,
  AssignBlockNode,
  AssignNode,
  AutoescapeNode,
  BlockNode,
  BreakNode,
  CallBlockNode,
  ContinueNode,
  ExprNode,
  ExprStmtNode,
  ExtendsNode,
  FilterBlockNode,
  ForNode,
  FromImportNode,
  IfNode,
  ImportNode,
  IncludeNode,
  MacroNode,
  OutputNode,
  RootNode,
  StatementNode,
  TargetNode,
  WithNode,
} from "../syntax/nodes.ts";
import { isConstant } from "./constant.ts";
import { RestIsUnreachable } from "./emitter.ts";
import { ExpressionCompiler } from "./expressions.ts";
import { findBlocks, findUndeclared, Frame } from "./symbols.ts";

/** Writes templates: scopes, loops, macros, blocks and inheritance as jinja2/compiler.py lays them out. */
export class StatementCompiler extends ExpressionCompiler {
  readonly #blocks = new Map<string, BlockNode>();
  /** Names assigned by the statements being written. */
  readonly #assigned: Set<string>[] = [];
  #extendsSoFar = 0;
  #hasKnownExtends = false;
  #parent = "";
  /** The buffer of what the template itself prints, outside of blocks and whatever is captured. */
  #rootBuffer = "";

  compileRoot(node: RootNode): void {
    findBlocks(node.children, (block) => {
      if (this.#blocks.has(block.name)) this.fault(`block '${block.name}' defined twice`, block);
      this.#blocks.set(block.name, block);
    });
    const haveExtends = someNode(node, (child) => child.typename === "Extends");
    this._emit('"use strict";return{root(c,T){const S=c.state;');
    this.beginFunction();
    const frame = Frame.root(this.identifiers, this.newBuffer());
    this.#rootBuffer = frame.buffer;
    const usesSelf = findUndeclared(node.children, ["self"]).has("self");
    if (usesSelf) this._emit(`${frame.symbols.declareParameter("self")}=c.self();`);
    frame.symbols.analyze(node);
    frame.toplevel = true;
    frame.rootlevel = true;
    frame.requireOutputCheck = haveExtends;
    if (haveExtends) this.#parent = this.temporary();
    this.enterFrame(frame);
    this.statements(node.children, frame);
    if (haveExtends) {
      if (!this.#hasKnownExtends) this._emit(`if(${this.#parent}!==undefined){`);
      this.beginWhole(frame);
      this._emit(`c.runParent(${this.#parent})`);
      this.endWhole();
      if (!this.#hasKnownExtends) this._emit("}");
    }
    this._emit(`return ${frame.buffer};`);
    this.endFunction();
    this._emit("},blocks:[");
    for (const block of this.#blocks.values()) this.#blockFunction(block);
    this._emit("]};");
  }

  #blockFunction(node: BlockNode): void {
    this._emit(`[${JSON.stringify(node.name)},(c,T)=>{const S=c.state;`);
    this.beginFunction();
    const frame = Frame.root(this.identifiers, this.newBuffer());
    frame.blockFrame = true;
    const undeclared = findUndeclared(node.body, ["self", "super"]);
    if (undeclared.has("self")) this._emit(`${frame.symbols.declareParameter("self")}=c.self();`);
    if (undeclared.has("super")) this._emit(`${frame.symbols.declareParameter("super")}=c.superOf(${JSON.stringify(node.name)},T);`);
    frame.symbols.analyze(node);
    this.enterFrame(frame);
    this.statements(node.body, frame);
    this._emit(`return ${frame.buffer};`);
    this.endFunction();
    this._emit("}],");
  }

  compileBlockTag(node: BlockNode, frame: Frame): void {
    const guarded = frame.toplevel && this.#extendsSoFar > 0;
    if (frame.toplevel && this.#hasKnownExtends) return;
    if (guarded) this._emit(`if(${this.#parent}===undefined){`);
    this.beginWhole(frame);
    const context = node.scoped ? `c.derived(${this.localContext(frame)})` : "c";
    this._emit(`${context}.block(${this.place(node)},${JSON.stringify(node.name)},${node.required})`);
    this.endWhole();
    if (guarded) this._emit("}");
  }

  compileExtends(node: ExtendsNode, frame: Frame): void {
    if (!frame.toplevel) this.fault("cannot use extend from a non top-level scope", node);
    if (this.#extendsSoFar > 0) {
      if (!this.#hasKnownExtends) this._emit(`if(${this.#parent}!==undefined)`);
      this._emit(`c.extendedTwice(${this.place(node)});`);
      if (this.#hasKnownExtends) throw new RestIsUnreachable();
    }
    this._emit(`${this.#parent}=c.extend(${this.place(node)},T,`);
    this.compile(node.template, frame);
    this._emit(");");
    if (frame.rootlevel) this.#hasKnownExtends = true;
    this.#extendsSoFar++;
  }

  compileIncludeTag(node: IncludeNode, frame: Frame): void {
    this.beginWhole(frame);
    const select = node.template.typename === "Tuple" || node.template.typename === "Array";
    this._emit(`c.include(${this.place(node)},T,`);
    this.compile(node.template, frame);
    this._emit(`,${select},${node.ignoreMissing},${node.withContext},${node.withContext ? this.localContext(frame) : "undefined"})`);
    this.endWhole();
  }

  #importModule(node: ImportNode | FromImportNode, frame: Frame): void {
    this._emit(`c.importModule(${this.place(node)},T,`);
    this.compile(node.template, frame);
    this._emit(`,${node.withContext},${node.withContext ? this.localContext(frame) : "undefined"})`);
  }
  compileImport(node: ImportNode, frame: Frame): void {
    const ref = frame.symbols.ref(node.target);
    this._emit(`${ref}=`);
    this.#importModule(node, frame);
    this._emit(";");
    if (frame.toplevel) this._emit(`c.importVariable(${JSON.stringify(node.target)},${ref});`);
  }
  compileFromImport(node: FromImportNode, frame: Frame): void {
    const module = this.temporary();
    this._emit(`${module}=`);
    this.#importModule(node, frame);
    this._emit(";");
    for (const [name, alias] of node.names) {
      const ref = frame.symbols.ref(alias);
      const position = `line ${node.lineno} in '${this.name}'`;
      this._emit(`${ref}=c.exported(${module},${JSON.stringify(name)},${JSON.stringify(position)});`);
      if (frame.toplevel) this._emit(`c.importVariable(${JSON.stringify(alias)},${ref});`);
    }
  }

  compileForTag(node: ForNode, frame: Frame): void {
    const loopFrame = frame.inner();
    loopFrame.loopFrame = true;
    const elseFrame = frame.inner();
    const extended =
      node.recursive ||
      findUndeclared(node.body, ["loop"]).has("loop") ||
      someNode(node, (child) => child.typename === "BlockTag" && child.scoped);
    const loopRef = extended ? loopFrame.symbols.declareParameter("loop") : undefined;
    loopFrame.symbols.analyze(node, "body");
    if (node.else_.length > 0) elseFrame.symbols.analyze(node, "else");
    if (someNode(node, assignsLoop)) this.fault("Can't assign to special loop variable in for-loop target", node);
    const filter = node.test === null ? undefined : this.#loopFilter(node, frame);
    const iterable = (): void => {
      if (filter !== undefined) this._emit(`rt.filtered(c.iterate(${this.place(node.iter)},`);
      if (node.recursive) this._emit("iterable");
      else this.compile(node.iter, frame);
      if (filter !== undefined) this._emit(`),${filter})`);
    };

    const recursion = node.recursive ? this._tmpid() : undefined;
    if (recursion !== undefined) {
      this.declare(recursion);
      this._emit(`${recursion}=(iterable,depth)=>{`);
      this.beginFunction();
      loopFrame.buffer = this.newBuffer();
      elseFrame.buffer = loopFrame.buffer;
    }
    if (loopRef !== undefined) this._emit(`${loopRef}=undefined;`);
    const empty = node.else_.length > 0 ? this.temporary() : undefined;
    if (empty !== undefined) this._emit(`${empty}=true;`);
    const item = this.temporary();
    if (loopRef !== undefined) {
      const loop = this.temporary();
      this._emit(`${loop}=c.loop(${this.place(node)},`);
      iterable();
      this._emit(`,${recursion ?? "undefined"},${recursion === undefined ? 0 : "depth"});`);
      this._emit(`while((${item}=${loop}.next())!==undefined){${this.#turn(node, loopFrame)}${loopRef}=${loop};`);
      // The loop variable was already assigned when Python enters the body.
      this.#enterLoopFrame(loopFrame, node, item);
    } else {
      this._emit(`for(${item} of `);
      this._emit(`c.iterate(${this.place(node.iter)},`);
      iterable();
      this._emit(`)){${this.#turn(node, loopFrame)}`);
      this.#enterLoopFrame(loopFrame, node, item);
    }
    this.loops++;
    this.statements(node.body, loopFrame);
    this.loops--;
    if (empty !== undefined) this._emit(`${empty}=false;`);
    this._emit("}");
    if (empty !== undefined) {
      this._emit(`if(${empty}){`);
      this.enterFrame(elseFrame);
      this.statements(node.else_, elseFrame);
      this._emit("}");
    }
    if (recursion !== undefined) {
      // Jinja marks what a recursive loop gives as safe where it autoescapes; printed as it is, that makes no difference.
      this._emit(`return ${this.captured(loopFrame.buffer)};`);
      this.endFunction();
      this._emit("};");
      this.print(node, frame, "text", null, () => {
        this._emit(`${recursion}(`);
        this.compile(node.iter, frame);
        this._emit(",0)");
      });
    }
    const assigned = this.#assigned.at(-1);
    for (const name of loopFrame.symbols.stores) assigned?.delete(name);
  }
  #turn(node: ForNode, frame: Frame): string {
    return `if(--S.left<0)S.outOfSteps(${this.place(node)});if(${frame.buffer}.length>S.limits.outputLength)S.outOfOutput(${this.place(node)});`;
  }
  #enterLoopFrame(loopFrame: Frame, node: ForNode, item: string): void {
    this.enterFrame(loopFrame);
    this.#assign(node.target, item, loopFrame, node);
  }
  /** A function that says which items a loop with `if` takes; gives its variable. */
  #loopFilter(node: ForNode, frame: Frame): string {
    const testFrame = frame.inner();
    testFrame.symbols.analyze(node, "test");
    const filter = this.temporary();
    this._emit(`${filter}=(()=>{`);
    this.beginFunction();
    this.enterFrame(testFrame);
    this._emit("return(item)=>{");
    this.#assign(node.target, "item", testFrame, node);
    this._emit(`if(--S.left<0)S.outOfSteps(${this.place(node)});return `);
    if (node.test !== null) this.condition(node.test, testFrame);
    this._emit(";};");
    this.endFunction();
    this._emit("})();");
    return filter;
  }

  compileIfTag(node: IfNode, frame: Frame): void {
    const soft = frame.softened();
    this._emit("if(");
    this.condition(node.cond, soft);
    this._emit("){");
    this.statements(node.body, soft);
    for (const branch of node.elifs) {
      this._emit("}else if(");
      this.condition(branch.cond, soft);
      this._emit("){");
      this.statements(branch.body, soft);
    }
    if (node.else_.length > 0) {
      this._emit("}else{");
      this.statements(node.else_, soft);
    }
    this._emit("}");
  }

  /** Writes the function of a macro or call block as a Macro object; gives the expression's code by emitting it. */
  #macro(node: MacroNode | CallBlockNode, frame: Frame): void {
    const inner = frame.inner();
    inner.symbols.analyze(node);
    const names = node.args.map((arg) => arg.name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) this.fault(`duplicate argument '${twice}' in function definition`, node);
    const refs = names.map((name) => inner.symbols.ref(name));
    const undeclared = findUndeclared(node.body, ["caller", "kwargs", "varargs"]);
    const special = { caller: false, kwargs: false, varargs: false };
    if (undeclared.has("caller")) {
      special.caller = true;
      const explicit = names.indexOf("caller");
      if (explicit >= 0 && explicit < names.length - node.defaults.length) {
        this.fault('When defining macros or call blocks the special "caller" argument must be omitted or be given a default.', node);
      }
      if (explicit < 0) refs.push(inner.symbols.declareParameter("caller"));
    }
    for (const name of ["kwargs", "varargs"] as const) {
      if (!undeclared.has(name) || names.includes(name)) continue;
      special[name] = true;
      refs.push(inner.symbols.declareParameter(name));
    }
    inner.requireOutputCheck = false;
    inner.symbols.analyze(node);
    const loops = this.loops;
    this.loops = 0;
    const name = node.typename === "MacroTag" ? JSON.stringify(node.name) : "null";
    this._emit(`new rt.Macro(c,${this.place(node)},${name},${JSON.stringify(names)},${JSON.stringify(special)},(${refs.join(",")})=>{`);
    this.beginFunction();
    inner.buffer = this.newBuffer();
    this.enterFrame(inner, refs);
    this.withUnset(inner.symbols.parameters(), (set) => {
      for (const [index, arg] of node.args.entries()) {
        const ref = inner.symbols.ref(arg.name);
        const value = node.defaults[index - names.length + node.defaults.length];
        this._emit(`if(${ref}===undefined)${ref}=`);
        if (value === undefined) this._emit(`c.notProvided(${JSON.stringify(arg.name)})`);
        else this.compile(value, inner);
        this._emit(";");
        set(ref);
      }
    });
    this.statements(node.body, inner);
    this._emit(`return ${this.captured(inner.buffer)};`);
    this.endFunction();
    this._emit("})");
    this.loops = loops;
  }
  compileMacroTag(node: MacroNode, frame: Frame): void {
    const ref = frame.symbols.ref(node.name);
    this._emit(`${ref}=`);
    this.#macro(node, frame);
    this._emit(";");
    if (frame.toplevel) this._emit(`c.exportVariable(${JSON.stringify(node.name)},${ref});`);
  }
  compileCallTag(node: CallBlockNode, frame: Frame): void {
    const caller = this.temporary();
    this._emit(`${caller}=`);
    this.#macro(node, frame);
    this._emit(";");
    this.print(node.call, frame, "text", null, () => this.call(node.call, frame, caller));
  }

  compileFilterTag(node: FilterBlockNode, frame: Frame): void {
    const inner = frame.inner();
    inner.symbols.analyze(node);
    this.enterFrame(inner);
    inner.buffer = this.newBuffer();
    this.statements(node.body, inner);
    this.print(node.filter, frame, "text", null, () => this.compile(node.filter, inner));
  }

  compileWith(node: WithNode, frame: Frame): void {
    const inner = frame.inner();
    inner.symbols.analyze(node);
    this.enterFrame(inner);
    for (const [index, target] of node.targets.entries()) {
      const value = this.temporary();
      this._emit(`${value}=`);
      const expr = node.values[index];
      if (expr !== undefined) this.compile(expr, frame);
      this._emit(";");
      this.#assign(target, value, inner, node);
    }
    this.statements(node.body, inner);
  }

  compileExprStmt(node: ExprStmtNode, frame: Frame): void {
    this.compile(node.expr, frame);
    this._emit(";");
  }

  compileOutput(node: OutputNode, frame: Frame): void {
    if (frame.requireOutputCheck && this.#hasKnownExtends) return;
    if (frame.requireOutputCheck) this._emit(`if(${this.#parent}===undefined){`);
    for (const [index, child] of node.children.entries()) {
      if (child.typename === "TemplateData") this.data(child.value, child, frame);
      else if (!this.#printsMember(child, frame))
        this.print(child, frame, this.#printMethod(child), node.sources[index] ?? null, () => this.compile(child, frame));
    }
    if (frame.requireOutputCheck) this._emit("}");
  }

  /** `{{ mapping.name }}` and `{{ mapping['name'] }}` of the template itself, whose value may be a text that need not be read. */
  #printsMember(child: ExprNode, frame: Frame): boolean {
    if (this.traced || frame.buffer !== this.#rootBuffer || this.autoescape !== "off") return false;
    let member: string | undefined;
    let target: ExprNode;
    if (child.typename === "Getattr") [member, target] = [child.name, child.target];
    else if (child.typename === "LookupVal" && child.val.typename === "Literal" && typeof child.val.value === "string")
      [member, target] = [child.val.value, child.target];
    else return false;
    const [object, text] = [this.temporary(), this.temporary()];
    const [place, name] = [this.place(child), JSON.stringify(member)];
    this._emit(`${object}=`);
    this.compile(target, frame);
    const get = child.typename === "Getattr" ? "getattr" : "getitem";
    this._emit(`;${text}=c.printMember(T,${frame.buffer},${object},${name});`);
    this._emit(`${frame.buffer}+=${text}===undefined?c.print(${place},c.${get}(${place},${object},${name})):${text};`);
    return true;
  }

  #printMethod(child: ExprNode): string {
    if (this.autoescape === "off") return "print";
    if (this.autoescape === "on") return "printEscaped";
    return isConstant(child, false) ? "print" : "printAuto";
  }

  compileAssign(node: AssignNode, frame: Frame): void {
    this.#assigned.push(new Set());
    const seen = new Set<string>();
    const check = (target: TargetNode): void => {
      if (target.typename === "NsRef" && !seen.has(target.name)) {
        seen.add(target.name);
        this._emit(`c.requireNamespace(${this.place(target)},${frame.symbols.ref(target.name)});`);
      }
      if (target.typename === "Tuple") for (const child of targetsOf(target)) check(child);
    };
    check(node.target);
    if (node.target.typename === "Name") {
      this._emit(`${this.#targetRef(node.target.name, frame)}=`);
      this.compile(node.value, frame);
      this._emit(";");
    } else {
      const value = this.temporary();
      this._emit(`${value}=`);
      this.compile(node.value, frame);
      this._emit(";");
      this.#assign(node.target, value, frame, node);
    }
    this.#endAssignment(frame);
  }
  compileAssignBlock(node: AssignBlockNode, frame: Frame): void {
    this.#assigned.push(new Set());
    const inner = frame.inner();
    inner.requireOutputCheck = false;
    inner.symbols.analyze(node);
    this.enterFrame(inner);
    inner.buffer = this.newBuffer();
    this.statements(node.body, inner);
    const value = this.temporary();
    this._emit(`${value}=c.markupIfEscaping(`);
    if (node.filter === null) this._emit(this.captured(inner.buffer));
    else this.compile(node.filter, inner);
    this._emit(");");
    this.#assign(node.target, value, frame, node);
    this.#endAssignment(frame);
  }

  compileAutoescape(node: AutoescapeNode, frame: Frame): void {
    const inner = frame.inner();
    inner.symbols.analyze(node);
    this.enterFrame(inner);
    const before = this.autoescape;
    const saved = this.temporary();
    this._emit(`${saved}=c.autoescape;c.autoescape=`);
    this.condition(node.value, inner);
    this._emit(";");
    this.autoescape = node.value.typename === "Literal" ? (isTrue(node.value.value) ? "on" : "off") : "unknown";
    for (const child of node.body) this.compile(child, inner);
    this.autoescape = before;
    this._emit(`c.autoescape=${saved};`);
  }

  compileBreak(node: BreakNode): void {
    if (this.loops === 0) this.fault("'break' outside loop", node);
    this._emit("break;");
  }
  compileContinue(node: ContinueNode): void {
    if (this.loops === 0) this.fault("'continue' not properly in loop", node);
    this._emit("continue;");
  }

  // Assignment

  #targetRef(name: string, frame: Frame): string {
    if (frame.toplevel || frame.loopFrame || frame.blockFrame) this.#assigned.at(-1)?.add(name);
    return frame.symbols.ref(name);
  }
  /** Assigns the variable `value` to a target, unpacking tuples. */
  #assign(target: TargetNode, value: string, frame: Frame, node: StatementNode): void {
    if (target.typename === "Name") {
      const ref = target.ctx === "store" ? this.#targetRef(target.name, frame) : frame.symbols.ref(target.name);
      this._emit(`${ref}=${value};`);
    } else if (target.typename === "NsRef") {
      this._emit(`c.setAttribute(${this.place(target)},${frame.symbols.ref(target.name)},${JSON.stringify(target.attr)},${value});`);
    } else {
      const items = this.temporary();
      const targets = targetsOf(target);
      this._emit(`${items}=c.unpack(${this.place(target)},${value},${targets.length});`);
      for (const [index, child] of targets.entries()) this.#assign(child, `${items}[${index}]`, frame, node);
    }
  }
  /** Makes what was assigned at the top level a variable of the context, and exports it. */
  #endAssignment(frame: Frame): void {
    const names = this.#assigned.pop() ?? new Set<string>();
    if (frame.loopFrame || frame.blockFrame || !frame.toplevel) return;
    for (const name of [...names].sort()) this._emit(`c.exportVariable(${JSON.stringify(name)},${frame.symbols.ref(name)});`);
  }
}

function targetsOf(node: TargetNode & { readonly typename: "Tuple" }): TargetNode[] {
  return node.children.map((child) => {
    if (child.typename === "Name" || child.typename === "NsRef" || child.typename === "Tuple") return child;
    throw new TypeError(`${child.typename} is no target`);
  });
}

function assignsLoop(node: AnyNode): boolean {
  return node.typename === "Name" && node.ctx === "store" && node.name === "loop";
}

function isTrue(value: unknown): boolean {
  return value !== null && value !== false && value !== 0 && value !== 0n && value !== "";
}
