import { PyError } from "../../python/index.ts";

export function typeError(message: string): PyError {
  return new PyError("TypeError", message);
}
export function valueError(message: string): PyError {
  return new PyError("ValueError", message);
}
export function overflowError(message: string): PyError {
  return new PyError("OverflowError", message);
}
export function indexError(message: string): PyError {
  return new PyError("IndexError", message);
}
