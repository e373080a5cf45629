/** The threader under test: an unpacked release (THREADER_APP), since there the libraries are beside it. */

const root = process.env.THREADER_APP ?? new URL("../../../services/node/threader", import.meta.url).pathname;

/**
 * A module of the threader.
 * @param {string} name
 */
export const load = (name) => import(`${root}/${name}`);
