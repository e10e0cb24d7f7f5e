import type { AnyNode } from "../syntax/nodes.ts";
import { forEachChild } from "../syntax/nodes.ts";

/**
 * Whether Jinja computes an expression while it compiles (nodes.Expr.as_const). That shows only in `{% autoescape %}`: such a
 * value is not escaped where escaping is decided at run time, and `~` of such values forgets that one was safe.
 */
export function isConstant(node: AnyNode, filters: boolean): boolean {
  switch (node.typename) {
    case "Literal":
      return true;
    case "FilterCall":
      if (!filters || node.target === null) return false;
      break;
    case "Tuple":
    case "Array":
    case "Dict":
    case "Pair":
    case "Keyword":
    case "Concatenation":
    case "Compare":
    case "CompareOperand":
    case "InlineIf":
    case "Not":
    case "Neg":
    case "Pos":
    case "Add":
    case "Sub":
    case "Mul":
    case "Div":
    case "FloorDiv":
    case "Mod":
    case "Pow":
    case "And":
    case "Or":
      break;
    default:
      return false;
  }
  let constant = true;
  forEachChild(node, (child) => {
    constant &&= isConstant(child, filters);
  });
  return constant;
}
