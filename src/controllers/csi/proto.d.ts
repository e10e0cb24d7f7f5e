/** Protocol definitions are bundled as their text. */
declare module "*.proto" {
  const text: string;
  export default text;
}
