/** The parts of a running threader, put together. */

import { Deliverer } from "./deliver.js";
import { Health } from "./health.js";
import { Metrics } from "./metrics.js";
import { connect } from "./slack.js";
import { openStore } from "./store/index.js";
import { open as openSynthetic } from "./synthetic.js";

/**
 * @typedef {object} Service
 * @property {import("./settings.js").Settings} settings
 * @property {Deliverer} deliverer
 * @property {Deliverer | null} synthetic - delivers synthetic alerts, if they are wanted
 * @property {Health} health
 * @property {Metrics} metrics
 */

/**
 * Open what the settings name.
 * @param {import("./settings.js").Settings} settings
 * @returns {Promise<Service>}
 * @throws {import("./store/errors.js").StoreError}
 */
export async function open(settings) {
  const store = await openStore(settings);
  const metrics = new Metrics(settings.instance, settings.environment);
  const slack = connect(settings);
  const deliverer = new Deliverer(settings, store, slack, metrics);
  const synthetic = await openSynthetic(settings, slack);
  return { settings, deliverer, synthetic, health: new Health(store, metrics), metrics };
}
