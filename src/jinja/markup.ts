import { hashKey, PyObject, stringRepr, type HashKey, type Value } from "../python/index.ts";

const UNSAFE = /[&<>'"]/;

/** Replaces the five characters that mean something in HTML, as markupsafe 3.0 does. */
export function escapeText(text: string): string {
  if (!UNSAFE.test(text)) return text;
  return text.replaceAll("&", "&amp;").replaceAll(">", "&gt;").replaceAll("<", "&lt;").replaceAll("'", "&#39;").replaceAll('"', "&#34;");
}

/** markupsafe's safe string: a `str` to Python, that autoescaping leaves alone and whose methods escape what they are given. */
export class Markup extends PyObject {
  readonly typeName = "Markup";
  readonly text: string;
  constructor(text: string) {
    super();
    this.text = text;
  }
  repr(): string {
    return `Markup(${stringRepr(this.text)})`;
  }
  override str(): string {
    return this.text;
  }
  override truthy(): boolean {
    return this.text.length > 0;
  }
  override equals(other: Value): boolean {
    return typeof other === "string" ? other === this.text : other instanceof Markup && other.text === this.text;
  }
  override hashKey(): HashKey | undefined {
    return hashKey(this.text);
  }
}
