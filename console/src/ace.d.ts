// Ace's files that bring no types.
declare module "ace-builds/src-min-noconflict/*" {
  const ace: { config: { set(name: string, value: unknown): void; setDefaultValue(path: string, name: string, value: unknown): void } };
  export default ace;
}
