/** What to post for an alert, given what the incident's thread already has. Pure. */

/** @typedef {"firing" | "resolved"} Status */

/**
 * What is kept of an incident: its last posted state and where its thread is. `ts` is Slack's id of the first message;
 * null when it went through an incoming webhook, which tells none.
 * @typedef {{status: Status, channel: string, ts: string | null}} Thread
 */

/** What a delivery does to an incident. */
export const Step = Object.freeze({
  SKIP: "duplicate",
  OPEN: "opened",
  OPEN_RESOLVED: "opened_resolved",
  REPLY: "threaded",
  POST_AGAIN: "unthreaded",
});

/**
 * Decide from the last state that Slack has seen.
 *
 * Only a *change* of state is posted, so Alertmanager's repeats and retries are silent. An alert may come back with its
 * old start (its source was away for longer than resolve_timeout): that is news again and goes into its thread.
 * @param {Thread | null} known
 * @param {Status} status
 * @returns {string}
 */
export function nextStep(known, status) {
  if (known === null) return status === "firing" ? Step.OPEN : Step.OPEN_RESOLVED;
  if (known.status === status) return Step.SKIP;
  return known.ts ? Step.REPLY : Step.POST_AGAIN;
}
