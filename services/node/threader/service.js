/** The parts of a running threader, put together. */

import { Deliverer } from "./deliver.js";
import { Health } from "./health.js";
import { Metrics } from "./metrics.js";
import { connect } from "./slack.js";
import { openStore } from "./store/index.js";

/**
 * @typedef {object} Service
 * @property {import("./settings.js").Settings} settings
 * @property {Deliverer} deliverer
 * @property {Health} health
 * @property {Metrics} metrics
 */

/**
 * Open what the settings name.
 * @param {import("./settings.js").Settings} settings
 * @returns {Promise<Service>}
 * @throws {import("./store/index.js").StoreError}
 */
export async function open(settings) {
  const store = await openStore(settings);
  const metrics = new Metrics(settings.instance, settings.environment);
  const deliverer = new Deliverer(settings, store, connect(settings), metrics);
  return { settings, deliverer, health: new Health(store, metrics), metrics };
}
