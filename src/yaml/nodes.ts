import type { Value } from "../python/index.ts";
import type { Offset } from "./source.ts";

/** What the parser gives: one object per node as written, values not yet made. */
export type Node = ScalarNode | SequenceNode | MappingNode | AliasNode;

export class ScalarNode {
  readonly kind = "scalar";
  /** The resolved long tag where one was written (`tag:yaml.org,2002:str`), else undefined. */
  tag: string | undefined;
  value: string;
  /** Written without quotes, so that the text decides its type. */
  readonly plain: boolean;
  readonly at: Offset;
  /** Where a block scalar's or multi-line scalar's own text begins is `at`, its indicator. */
  made: Value | undefined = undefined;

  constructor(tag: string | undefined, value: string, plain: boolean, at: Offset) {
    this.tag = tag;
    this.value = value;
    this.plain = plain;
    this.at = at;
  }
}

export class SequenceNode {
  readonly kind = "sequence";
  readonly tag: string | undefined;
  readonly items: Node[] = [];
  readonly at: Offset;
  made: Value | undefined = undefined;

  constructor(tag: string | undefined, at: Offset) {
    this.tag = tag;
    this.at = at;
  }
}

export class MappingNode {
  readonly kind = "mapping";
  readonly tag: string | undefined;
  /** Key, value, key, value … */
  entries: Node[] = [];
  readonly at: Offset;
  made: Value | undefined = undefined;

  constructor(tag: string | undefined, at: Offset) {
    this.tag = tag;
    this.at = at;
  }
}

/** Only in Go's dialect, which counts what aliases expand to; PyYAML's composer puts the node itself in the alias's place. */
export class AliasNode {
  readonly kind = "alias";
  readonly name: string;
  readonly target: Exclude<Node, AliasNode>;
  readonly at: Offset;

  constructor(name: string, target: Exclude<Node, AliasNode>, at: Offset) {
    this.name = name;
    this.target = target;
    this.at = at;
  }
}
