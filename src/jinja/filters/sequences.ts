import {
  equals,
  hashKey,
  PyDict,
  PyTuple,
  repr,
  str,
  truthy,
  typeName,
  type HashKey,
  type Kwargs,
  type Value,
} from "../../python/index.ts";
import { PyObject } from "../../python/index.ts";
import { Markup } from "../markup.ts";
import { add, asInt } from "../semantics/arithmetic.ts";
import { indexArgument, signature } from "../semantics/args.ts";
import { compare, sorted } from "../semantics/compare.ts";
import { typeError } from "../semantics/errors.ts";
import { escape, runOnMarkup } from "../semantics/methods/markup.ts";
import { joinText } from "../semantics/methods/str.ts";
import { isIterable, iterate, length, listOf, slice } from "../semantics/sequence.ts";
import { boundedItems, textOf } from "../semantics/text.ts";
import { NamedTuple, PyDictView, PyIterator, PyRange } from "../semantics/values.ts";
import type { CallState, FilterFunction } from "../types.ts";
import { attributeGetter, filter, filterArgumentError, ignoreCase, multiAttributeGetter } from "./define.ts";
import { PyBytes, PyError } from "../../python/index.ts";

const first = filter(signature("sync_do_first", ["seq"], {}, 1), (state, [seq = null]) => {
  for (const item of iterate(seq)) return item;
  return state.host.undefined({ hint: "No first item, sequence was empty." });
});

/** `reversed(value)`. @throws PyError `TypeError: 'set' object is not reversible` */
function reversed(value: Value): Value[] {
  const text = textOf(value);
  if (text !== undefined) {
    const points = listOf(text).reverse();
    return value instanceof Markup ? points.map((point) => new Markup(str(point))) : points;
  }
  if (
    Array.isArray(value) ||
    value instanceof PyTuple ||
    value instanceof PyBytes ||
    value instanceof PyDict ||
    value instanceof PyRange ||
    value instanceof PyDictView
  ) {
    return listOf(value).reverse();
  }
  if (value instanceof PyObject) value.refuse?.();
  throw typeError(`'${typeName(value)}' object is not reversible`);
}

const last = filter(signature("do_last", ["seq"], {}, 1), (state, [seq = null]) => {
  const [item] = reversed(seq);
  return item === undefined ? state.host.undefined({ hint: "No last item, sequence was empty." }) : item;
});

const reverse = filter(signature("do_reverse", ["value"]), (_, [value = null]) => {
  if (textOf(value) !== undefined) return slice(value, null, null, -1) ?? value;
  try {
    const kind = Array.isArray(value) ? "list_reverseiterator" : "reversed";
    return new PyIterator(reversed(value), kind);
  } catch (error) {
    if (!(error instanceof PyError) || error.type !== "TypeError") throw error;
    if (!isIterable(value)) throw filterArgumentError("argument must be iterable");
    return listOf(value).reverse();
  }
});

const list = filter(signature("sync_do_list", ["value"]), (_, [value = null]) => {
  const items = listOf(value);
  boundedItems(items.length);
  return items;
});

const lengthFilter: FilterFunction = (_state, value, args, kwargs) => {
  if (kwargs.size > 0) throw typeError("len() takes no keyword arguments");
  if (args.length > 0) throw typeError(`len() takes exactly one argument (${args.length + 1} given)`);
  return length(value);
};

const items = filter(signature("do_items", ["value"]), (state, [value = null]) => {
  return new PyIterator(
    (function* () {
      if (state.host.isUndefined(value)) return;
      if (!(value instanceof PyDict)) throw typeError("Can only get item pairs from a mapping.");
      for (const entry of value.entries()) yield new PyTuple(entry);
    })(),
  );
});

const join = filter(
  signature("sync_do_join", ["value"], { d: "", attribute: null }, 1),
  (state, [value = null, d = null, attribute = null]) => {
    let parts: Iterable<Value> = iterate(value);
    if (attribute !== null) parts = Array.from(parts, attributeGetter(state, attribute));
    if (!state.autoescape) return joinText(str(d), Array.from(parts, str));
    const all = [...parts];
    if (!(d instanceof Markup)) {
      const safe = all.some((item) => item instanceof Markup);
      const texts = all.map((item) => (item instanceof Markup ? item : str(item)));
      return safe ? joinSafe(escape(d), texts) : joinText(str(d), texts);
    }
    return joinSafe(
      d,
      all.map((item) => (item instanceof Markup ? item : str(item))),
    );
  },
);

function joinSafe(separator: Markup, parts: readonly Value[]): Value {
  return runOnMarkup("join", separator, (self, [given = null]) => joinText(self, given), [[...parts]], new Map());
}

const sort = filter(
  signature("do_sort", ["value"], { reverse: false, case_sensitive: false, attribute: null }, 1),
  (state, [value = null, backwards = null, caseSensitive = null, attribute = null]) => {
    const all = listOf(value);
    const postprocess = truthy(caseSensitive) ? undefined : ignoreCase;
    return sorted(all, multiAttributeGetter(state, attribute, postprocess), truthy(backwards));
  },
);

const dictsort = filter(
  signature("do_dictsort", ["value"], { case_sensitive: false, by: "key", reverse: false }),
  (_, [value = null, caseSensitive = null, by = null, backwards = null]) => {
    const kind = textOf(by);
    if (kind !== "key" && kind !== "value") throw filterArgumentError('You can only sort by either "key" or "value"');
    if (!(value instanceof PyDict)) {
      if (value instanceof PyObject) value.refuse?.();
      throw new PyError("AttributeError", `'${typeName(value)}' object has no attribute 'items'`);
    }
    const entries = Array.from(value.entries(), (entry) => new PyTuple(entry));
    const position = kind === "key" ? 0 : 1;
    const key = (entry: Value): Value => {
      const part = entry instanceof PyTuple ? (entry.items[position] ?? null) : null;
      return truthy(caseSensitive) ? part : ignoreCase(part);
    };
    return sorted(entries, key, truthy(backwards));
  },
);

const unique = filter(
  signature("sync_do_unique", ["value"], { case_sensitive: false, attribute: null }, 1),
  (state, [value = null, caseSensitive = null, attribute = null]) => {
    const key = attributeGetter(state, attribute, truthy(caseSensitive) ? undefined : ignoreCase);
    return new PyIterator(
      (function* () {
        const seen = new Set<HashKey>();
        for (const item of iterate(value)) {
          const hash = hashKey(key(item));
          if (seen.has(hash)) continue;
          seen.add(hash);
          yield item;
        }
      })(),
    );
  },
);

function extreme(name: string, operator: "<" | ">"): FilterFunction {
  return filter(
    signature(name, ["value"], { case_sensitive: false, attribute: null }, 1),
    (state, [value = null, caseSensitive = null, attribute = null]) => {
      const key = attributeGetter(state, attribute, truthy(caseSensitive) ? undefined : ignoreCase);
      let best: { readonly item: Value; readonly key: Value } | undefined;
      for (const item of iterate(value)) {
        const own = key(item);
        if (best === undefined || compare(operator, own, best.key)) best = { item, key: own };
      }
      return best === undefined ? state.host.undefined({ hint: "No aggregated item, sequence was empty." }) : best.item;
    },
  );
}

const groupby = filter(
  signature("sync_do_groupby", ["value", "attribute"], { default: null, case_sensitive: false }, 1),
  (state, [value = null, attribute = null, fallback = null, caseSensitive = null]) => {
    const exact = truthy(caseSensitive);
    const key = attributeGetter(state, attribute, exact ? undefined : ignoreCase, fallback);
    const shown = attributeGetter(state, attribute, undefined, fallback);
    const groups: { readonly key: Value; readonly items: Value[] }[] = [];
    for (const item of sorted(listOf(value), key)) {
      const own = key(item);
      const group = groups.at(-1);
      if (group !== undefined && equals(group.key, own)) group.items.push(item);
      else groups.push({ key: own, items: [item] });
    }
    return groups.map((group) => new NamedTuple(["grouper", "list"], [exact ? group.key : shown(group.items[0] ?? null), group.items]));
  },
);

const sum = filter(
  signature("sync_do_sum", ["iterable"], { attribute: null, start: 0 }, 1),
  (state, [iterable = null, attribute = null, start = null]) => {
    if (textOf(start) !== undefined) throw typeError("sum() can't sum strings [use ''.join(seq) instead]");
    const read = attribute === null ? itself : attributeGetter(state, attribute);
    let total = start;
    for (const item of iterate(iterable)) total = add(total, read(item));
    return total;
  },
);

const sliceFilter = filter(
  signature("sync_do_slice", ["value", "slices"], { fill_with: null }),
  (_, [value = null, slices = null, fill = null]) => {
    return new PyIterator(
      (function* () {
        const all = listOf(value);
        if (asInt(slices) === undefined) throw typeError(`unsupported operand type(s) for //: 'int' and '${typeName(slices)}'`);
        const count = indexArgument(slices);
        if (count === 0) throw new PyError("ZeroDivisionError", "integer division or modulo by zero");
        boundedItems(count);
        const each = Math.floor(all.length / count);
        const extra = all.length % count;
        let at = 0;
        for (let number = 0; number < count; number++) {
          const end = at + each + (number < extra ? 1 : 0);
          const part = all.slice(at, end);
          if (fill !== null && number >= extra) part.push(fill);
          at = end;
          yield part;
        }
      })(),
    );
  },
);

const batch = filter(signature("do_batch", ["value", "linecount"], { fill_with: null }), (_, [value = null, size = null, fill = null]) => {
  return new PyIterator(
    (function* () {
      let part: Value[] = [];
      for (const item of iterate(value)) {
        if (equals(part.length, size)) {
          yield part;
          part = [];
        }
        part.push(item);
      }
      if (part.length === 0) return;
      if (fill !== null && compare("<", part.length, size)) {
        const wanted = indexArgument(size);
        boundedItems(wanted);
        while (part.length < wanted) part.push(fill);
      }
      yield part;
    })(),
  );
});

/** What `map` does to an item: read an attribute, or run another filter. */
function mapping(state: CallState, args: readonly Value[], kwargs: Kwargs): (item: Value) => Value {
  const attribute = kwargs.get("attribute");
  if (args.length === 0 && attribute !== undefined) {
    for (const name of kwargs.keys()) {
      if (name !== "attribute" && name !== "default") throw filterArgumentError(`Unexpected keyword argument ${repr(name)}`);
    }
    return attributeGetter(state, attribute, undefined, kwargs.get("default") ?? null);
  }
  const [name, ...rest] = args;
  if (name === undefined) throw filterArgumentError("map requires a filter argument");
  const run = state.host.filter(textOf(name) ?? "");
  if (run === undefined) throw new PyError("TemplateRuntimeError", `No filter named ${repr(name)}.`);
  return (item) => run(state, item, rest, kwargs);
}

const map: FilterFunction = (state, value, args, kwargs) =>
  new PyIterator(
    (function* () {
      if (!truthy(value)) return;
      const change = mapping(state, args, kwargs);
      for (const item of iterate(value)) {
        state.spend(1);
        yield change(item);
      }
    })(),
  );

function itself(item: Value): Value {
  return item;
}

/** What `select`, `reject` and their attribute forms ask of an item. */
function question(state: CallState, args: readonly Value[], kwargs: Kwargs, byAttribute: boolean): (item: Value) => boolean {
  let read = itself;
  let rest = args;
  if (byAttribute) {
    const [attribute, ...others] = args;
    if (attribute === undefined) throw filterArgumentError("Missing parameter for attribute name");
    read = attributeGetter(state, attribute);
    rest = others;
  }
  const [name, ...testArgs] = rest;
  if (name === undefined) return (item) => truthy(read(item));
  const test = state.host.test(textOf(name) ?? "");
  if (test === undefined) throw new PyError("TemplateRuntimeError", `No test named ${repr(name)}.`);
  return (item) => test(state, read(item), testArgs, kwargs);
}

function selection(keep: boolean, byAttribute: boolean): FilterFunction {
  return (state, value, args, kwargs) =>
    new PyIterator(
      (function* () {
        if (!truthy(value)) return;
        const asks = question(state, args, kwargs, byAttribute);
        for (const item of iterate(value)) {
          state.spend(1);
          if (asks(item) === keep) yield item;
        }
      })(),
    );
}

/** The filters on sequences and mappings. */
export const sequenceFilters: Readonly<Record<string, FilterFunction>> = {
  batch,
  count: lengthFilter,
  dictsort,
  first,
  groupby,
  items,
  join,
  last,
  length: lengthFilter,
  list,
  map,
  max: extreme("do_max", ">"),
  min: extreme("do_min", "<"),
  reject: selection(false, false),
  rejectattr: selection(false, true),
  reverse,
  select: selection(true, false),
  selectattr: selection(true, true),
  slice: sliceFilter,
  sort,
  sum,
  unique,
};
