import type { Offset } from "./source.ts";

/** The kinds of tokens, named as in YAML 1.1's PyYAML and libyaml. */
export const T = {
  streamEnd: 0,
  versionDirective: 1,
  tagDirective: 2,
  documentStart: 3,
  documentEnd: 4,
  blockSequenceStart: 5,
  blockMappingStart: 6,
  blockEnd: 7,
  flowSequenceStart: 8,
  flowSequenceEnd: 9,
  flowMappingStart: 10,
  flowMappingEnd: 11,
  blockEntry: 12,
  flowEntry: 13,
  key: 14,
  value: 15,
  alias: 16,
  anchor: 17,
  tag: 18,
  scalar: 19,
} as const;

export type TokenType = (typeof T)[keyof typeof T];

/** How a scalar was written. */
export const Style = { plain: 0, single: 1, double: 2, literal: 3, folded: 4 } as const;
export type ScalarStyle = (typeof Style)[keyof typeof Style];

export interface Token {
  readonly type: TokenType;
  readonly start: Offset;
  readonly end: Offset;
  /** A scalar's text, an anchor's or alias's name, a tag's suffix, a tag directive's prefix, a version directive's version. */
  readonly value: string;
  /** A tag's or tag directive's handle; empty for a verbatim tag. */
  readonly handle: string;
  readonly style: ScalarStyle;
}
