"use strict";
// Starts the threader, or says which Node.js is missing: written so that an old one understands it too.
const EX_CONFIG = 78;
const OLDEST = 18;

if (Number(process.versions.node.split(".")[0]) < OLDEST) {
  console.error("threader: this release runs on Node.js " + OLDEST + " or newer, not on " + process.versions.node);
  console.error("next: use a supported host (Debian 12 or 13, Ubuntu 24.04), or install a newer nodejs");
  process.exit(EX_CONFIG);
}
const wanted = process.argv[2] === "prepare" ? ["./app/threader/app.js", "@redis/client"] : ["./app/threader/main.js"];
Promise.all(wanted.map((name) => import(name))).catch((error) => {
  console.error(error);
  process.exit(1);
});
