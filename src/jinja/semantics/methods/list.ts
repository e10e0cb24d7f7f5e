import { equals, PyCallable, repr, truthy, type Value } from "../../../python/index.ts";
import { indexArgument, MethodMaker, type MethodTable } from "../args.ts";
import { sorted } from "../compare.ts";
import { indexError, typeError, valueError } from "../errors.ts";
import { listOf, sliceIndices } from "../sequence.ts";
import { boundedItems } from "../text.ts";

/** Python's `list` methods. Salt's environment lets templates change lists. */
export function listMethods(): MethodTable<Value[]> {
  const make = new MethodMaker<Value[]>("list");
  make.one("append", (list, item) => {
    boundedItems(list.length + 1);
    list.push(item);
    return null;
  });
  make.one("extend", (list, items) => {
    const added = listOf(items);
    boundedItems(list.length + added.length);
    for (const item of added) list.push(item);
    return null;
  });
  make.positional("insert", 2, 2, (list, [index = 0, item = null]) => {
    const at = indexArgument(index);
    boundedItems(list.length + 1);
    list.splice(at < 0 ? Math.max(0, list.length + at) : at, 0, item);
    return null;
  });
  make.positional("pop", 0, 1, (list, [index]) => {
    const at = index === undefined ? -1 : indexArgument(index);
    if (list.length === 0) throw indexError("pop from empty list");
    const place = at < 0 ? list.length + at : at;
    if (place < 0 || place >= list.length) throw indexError("pop index out of range");
    return list.splice(place, 1)[0] ?? null;
  });
  make.one("remove", (list, item) => {
    const at = list.findIndex((candidate) => equals(candidate, item));
    if (at < 0) throw valueError("list.remove(x): x not in list");
    list.splice(at, 1);
    return null;
  });
  make.positional("index", 1, 3, (list, [item = null, start, stop]) => {
    const at = indexOf(list, item, start, stop);
    if (at < 0) throw valueError(`${repr(item)} is not in list`);
    return at;
  });
  make.one("count", (list, item) => list.filter((candidate) => equals(candidate, item)).length);
  make.none("reverse", (list) => {
    list.reverse();
    return null;
  });
  make.none("copy", (list) => [...list]);
  make.none("clear", (list) => {
    list.length = 0;
    return null;
  });
  make.keywords(
    "sort",
    ["key", "reverse"],
    0,
    (list, [key = null, reverse = false]) => {
      const fresh = sorted(list, keyFunction(key), truthy(reverse));
      list.splice(0, list.length, ...fresh);
      return null;
    },
    0,
  );
  return make.table;
}

/** The `key` argument of sorting as a function. @throws PyError TypeError where it is not callable */
export function keyFunction(key: Value): ((item: Value) => Value) | undefined {
  if (key === null) return undefined;
  if (!(key instanceof PyCallable)) throw typeError(`'${repr(key)}' object is not callable`);
  return (item) => key.call([item], new Map());
}

/** Where an item first stands in a sequence between optional bounds, or -1. */
export function indexOf(items: readonly Value[], item: Value, start?: Value, stop?: Value): number {
  const from = sliceIndices(items.length, start ?? null, null, null).start;
  const to = stop === undefined ? items.length : sliceIndices(items.length, stop, null, null).start;
  for (let index = from; index < to; index++) if (equals(items[index] ?? null, item)) return index;
  return -1;
}
