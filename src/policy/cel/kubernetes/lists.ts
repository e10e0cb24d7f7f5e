import type { CelList } from "@bufbuild/cel";
import type { Declare } from "../functions.ts";
import { noOverload, type CelAny } from "../opaque.ts";

/** Kubernetes' library of lists and CEL's of sets (apiserver/pkg/cel/library/lists.go, cel-go/ext/sets.go). */
export function declareLists(declare: Declare): void {
  const indexes = (list: CelList, value: CelAny): number[] =>
    [...list].flatMap((item, index) => (declare.equals(item, value) ? [index] : []));
  declare.listMethod("indexOf", 1, (list, value) => BigInt(indexes(list, value)[0] ?? -1));
  declare.listMethod("lastIndexOf", 1, (list, value) => BigInt(indexes(list, value).at(-1) ?? -1));
  declare.listMethod("isSorted", 0, (list) => {
    const items = [...list];
    return items.every((item, index) => index === 0 || compare(items[index - 1] ?? null, item) <= 0);
  });
  declare.listMethod("min", 0, (list) => extreme(list, "min", 1));
  declare.listMethod("max", 0, (list) => extreme(list, "max", -1));
  declare.listMethod("sum", 0, (list) => sum([...list]));
  const contains = (a: CelList, b: CelList): boolean => [...b].every((item) => indexes(a, item).length > 0);
  declare.func("sets.contains", 2, (a, b) => contains(declare.list(a), declare.list(b)));
  declare.func("sets.equivalent", 2, (a, b) => contains(declare.list(a), declare.list(b)) && contains(declare.list(b), declare.list(a)));
  declare.func("sets.intersects", 2, (a, b) => [...declare.list(b)].some((item) => indexes(declare.list(a), item).length > 0));
}

function compare(a: CelAny, b: CelAny): number {
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : 0;
  if ((typeof a === "string" && typeof b === "string") || (typeof a === "boolean" && typeof b === "boolean"))
    return a < b ? -1 : a > b ? 1 : 0;
  throw noOverload();
}

function sum(items: readonly CelAny[]): CelAny {
  if (items.length === 0) return 0n;
  if (items.every((item) => typeof item === "bigint"))
    return items.reduce((total, item) => total + (typeof item === "bigint" ? item : 0n), 0n);
  if (items.every((item) => typeof item === "number"))
    return items.reduce<number>((total, item) => total + (typeof item === "number" ? item : 0), 0);
  throw noOverload();
}

function extreme(list: CelList, name: string, sign: number): CelAny {
  const [first, ...rest] = [...list];
  if (first === undefined) throw new Error(`${name} called on empty list`);
  return rest.reduce((best, item) => (compare(item, best) * sign < 0 ? item : best), first);
}

function isNumber(value: CelAny): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}
