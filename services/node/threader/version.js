/** What this release calls itself. */

import { readFileSync } from "node:fs";

export const IMPL = "node";
export const VERSION = readFileSync(new URL("./VERSION", import.meta.url), "ascii").trim();
