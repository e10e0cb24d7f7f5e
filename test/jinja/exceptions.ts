import type { Outcome } from "./judge.ts";

/** Where templates differ from Python's Jinja2 on purpose. The tests hold each entry; the documentation is made from it. */
export interface JinjaException {
  readonly template: string;
  readonly real: Outcome;
  readonly ours: Outcome;
  readonly reason: string;
}

export const EXCEPTIONS: readonly JinjaException[] = [
  {
    template: "{{ dict(a=1, a=2) }}",
    real: { type: "SyntaxError", message: "keyword argument repeated: a (<template>, line 12)" },
    ours: { type: "TemplateSyntaxError", message: "keyword argument repeated: a", line: 1, file: "main" },
    reason: "Jinja leaves the check to Python's compiler, whose error names a line of the generated code.",
  },
  {
    template: "{% call range(3) %}{% endcall %}",
    real: { type: "TypeError", message: "safe_range() got an unexpected keyword argument 'caller'" },
    ours: { type: "TypeError", message: "range() takes no keyword arguments" },
    reason: "The sandbox's range is a Python function of another name.",
  },
  {
    template: "{% break %}",
    real: { type: "SyntaxError", message: "'break' outside loop (<template>, line 11)" },
    ours: { type: "TemplateSyntaxError", message: "'break' outside loop", line: 1, file: "main" },
    reason: "Jinja leaves the check to Python's compiler, whose error names a line of the generated code.",
  },
  {
    template: "{% for i in items %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}",
    real: { type: "SyntaxError", message: "'break' outside loop (<template>, line 19)" },
    ours: { type: "TemplateSyntaxError", message: "'break' outside loop", line: 1, file: "main" },
    reason: "Jinja leaves the check to Python's compiler, whose error names a line of the generated code.",
  },
  {
    template: "{% for i in items %}{% endfor %}{% continue %}",
    real: { type: "SyntaxError", message: "'continue' not properly in loop (<template>, line 16)" },
    ours: { type: "TemplateSyntaxError", message: "'continue' not properly in loop", line: 1, file: "main" },
    reason: "Jinja leaves the check to Python's compiler, whose error names a line of the generated code.",
  },
  {
    template: "{% macro m(a, a) %}{{ a }}{% endmacro %}x",
    real: { type: "SyntaxError", message: "duplicate argument 'l_1_a' in function definition (<template>, line 12)" },
    ours: { type: "TemplateSyntaxError", message: "duplicate argument 'a' in function definition", line: 1, file: "main" },
    reason: "Jinja leaves the check to Python's compiler, whose error names a line of the generated code.",
  },
  {
    template: "{{ range.__class__ }}",
    real: { type: "SecurityError", message: "access to attribute '__class__' of 'function' object is unsafe." },
    ours: { type: "SecurityError", message: "access to attribute '__class__' of 'builtin_function_or_method' object is unsafe." },
    reason: "The sandbox replaces range by a function written in Python.",
  },
  {
    template: "{{ range.__call__ }}",
    real: { type: "SecurityError", message: "access to attribute '__call__' of 'function' object is unsafe." },
    ours: { type: "SecurityError", message: "access to attribute '__call__' of 'builtin_function_or_method' object is unsafe." },
    reason: "The sandbox replaces range by a function written in Python.",
  },
  {
    template: "{{ range.constructor }}",
    real: { type: "UndefinedError", message: "'function object' has no attribute 'constructor'" },
    ours: { type: "UndefinedError", message: "'builtin_function_or_method object' has no attribute 'constructor'" },
    reason: "The sandbox replaces range by a function written in Python.",
  },
  {
    template: "{{ range.prototype }}",
    real: { type: "UndefinedError", message: "'function object' has no attribute 'prototype'" },
    ours: { type: "UndefinedError", message: "'builtin_function_or_method object' has no attribute 'prototype'" },
    reason: "The sandbox replaces range by a function written in Python.",
  },
  {
    template: "{% macro m() %}{% include 'inc' without context %}{% endmacro %}{{ m() }}",
    real: { text: "<generator object root.<locals>.macro>" },
    ours: { type: "UndefinedError", message: "'x' is undefined" },
    reason: "Jinja 3.1.6 cannot include without context in a macro or call block (its generated function becomes a generator).",
  },
  {
    template: "{% if false %}{{ 1 if 0[0] else 2 }}{% endif %}",
    real: { type: "UndefinedError", message: "int object has no element 0" },
    ours: { text: "" },
    reason: "Jinja computes constant expressions while it compiles, and raises what they raise even where they are never reached.",
  },
];
