/** Files that are written whole or not at all, and never through a link. */

import { constants } from "node:fs";
import { open, rename, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";

const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

/**
 * What tells a file from the one that replaces it; empty when there is none.
 * @param {string} path
 */
export async function identity(path) {
  try {
    const { ino, mtimeNs, size } = await stat(path, { bigint: true });
    return `${ino}-${mtimeNs}-${size}`;
  } catch {
    return "";
  }
}

/**
 * Put new content into place: a crash leaves the old or the new.
 * @param {string} path
 * @param {string} content
 */
export async function replace(path, content) {
  await write(`${path}.new`, content);
  await rename(`${path}.new`, path);
  const folder = await open(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Make a file and have it on the disk.
 * @param {string} path
 * @param {string} content
 */
export async function write(path, content) {
  await remove(path); // left by a crash, or a link laid by someone: never written through
  const file = await open(path, NEW, 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Remove a file if it is there.
 * @param {string} path
 */
export async function remove(path) {
  try {
    await unlink(path);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ENOENT") throw error;
  }
}
