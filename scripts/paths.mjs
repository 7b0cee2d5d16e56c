// Where the repository is, whatever the working directory.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** An absolute path of something in the repository. */
export const inRoot = (path) => join(root, path);
