// What src/entries/node.ts uses of Node.
declare module "node:fs/promises" {
  export function readFile(path: string, options?: { signal?: AbortSignal }): Promise<Uint8Array>;
}
declare module "node:path" {
  export function dirname(path: string): string;
  export function join(...parts: string[]): string;
}
declare module "node:url" {
  export function fileURLToPath(url: URL | string): string;
  export function pathToFileURL(path: string): URL;
}
