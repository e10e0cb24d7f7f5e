import type { FilterFunction, TestFunction } from "../../jinja/index.ts";
import { saltFilters as plainFilters, saltTests as plainTests } from "../filters/index.ts";
import type { SerializerFilters } from "./serializer.ts";

/** Salt's filters: those of salt/utils, and those that load data, which keep what they have parsed. */
export function saltFilters(serializer: SerializerFilters): ReadonlyMap<string, FilterFunction> {
  return new Map([...plainFilters, ...serializer.filters()]);
}

export const saltTests: ReadonlyMap<string, TestFunction> = plainTests;
