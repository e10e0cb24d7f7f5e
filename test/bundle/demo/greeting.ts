/** Something of another file, so that there is something to bundle. */
export function greeting(name: string): string {
  return `grüße, ${name}`;
}
