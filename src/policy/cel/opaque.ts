import type { CelMap } from "@bufbuild/cel";
import type { CelLibrary } from "./library.ts";

/** What functions give and take. The library's own types follow what each overload declares; these are checked when they are called. */
export type CelAny = Parameters<CelLibrary["cel"]["celType"]>[0];
/** A function for the library: a name, an overload and what it does. */
export type CelFunction = ReturnType<CelLibrary["cel"]["celFunc"]>;

/**
 * Values of types that CEL does not have (quantities, addresses, optionals) are maps with this key: the library takes no types of others.
 * Two are equal where their maps are.
 */
const TYPE = "@type";

export type Fields = Readonly<Record<string, CelAny>>;

/** The fields of a value of the type; `undefined` for any other value. */
export function opaqueOf(library: CelLibrary, value: unknown, type: string): CelMap | undefined {
  return library.cel.isCelMap(value) && value.get(TYPE) === type ? value : undefined;
}

export function opaque(library: CelLibrary, type: string, fields: Fields): CelMap {
  return library.cel.celMap(new Map<string, CelAny>([[TYPE, type], ...Object.entries(fields)]));
}

/** A value that may be there: CEL's optional. */
export function some(library: CelLibrary, value: CelAny): CelMap {
  return opaque(library, "optional", { value });
}

export function none(library: CelLibrary): CelMap {
  return opaque(library, "optional", {});
}

/** Thrown where a function is given what it does not take; the text is cel-go's. */
export function noOverload(): Error {
  return new Error("no such overload");
}
