/** `node threader/main.js`: check the settings, then serve. */

import { listenReason } from "./errors.js";
import * as log from "./log.js";
import { Server } from "./server.js";
import { load, secrets, SettingsError } from "./settings.js";
import { open } from "./service.js";
import { StoreError } from "./store/errors.js";
import { IMPL, VERSION } from "./version.js";

const EX_CONFIG = 78; // systemd knows it; RestartPreventExitStatus=78 keeps a wrong setting from restarting for ever

/**
 * Run the threader.
 * @returns {Promise<number>} the process' exit code
 */
async function main() {
  let settings;
  try {
    settings = load(process.env);
  } catch (error) {
    if (error instanceof SettingsError) return refuse(error.mistakes);
    throw error;
  }
  log.setUp(settings.logLevel, secrets(settings), { instance: settings.instance });
  let service;
  try {
    service = await open(settings);
  } catch (error) {
    if (error instanceof StoreError) return refuse([`THREAD_STORE=${settings.threadStore}: ${error.message}`]);
    throw error;
  }
  log.event("info", "starting", { impl: IMPL, version: VERSION, thread_store: settings.threadStore });
  if (!settings.slackBotToken) {
    log.event("warning", "SLACK_WEBHOOK_URL without SLACK_BOT_TOKEN: messages are posted without threads");
  }
  const server = new Server(service);
  try {
    await server.listen(settings.bindHost, settings.bindPort);
  } catch (error) {
    // Not a matter of settings alone: the port may be free in a moment, so systemd should try again.
    const where = `BIND_HOST=${settings.bindHost} BIND_PORT=${settings.bindPort}`;
    return refuse([`${where}: cannot listen: ${listenReason(error)}`], 1);
  }
  await server.stopped();
  log.event("info", "stopped");
  return 0;
}

/**
 * @param {string[]} mistakes
 * @param {number} [code]
 */
function refuse(mistakes, code = EX_CONFIG) {
  for (const mistake of mistakes) console.error(`threader: ${mistake}`);
  console.error("next: correct the instance's environment file, then restart the unit");
  return code;
}

for (const fatal of ["uncaughtException", "unhandledRejection"]) {
  process.on(fatal, (error) => {
    log.failure("the process failed", error);
    process.exit(1);
  });
}
process.exit(await main());
