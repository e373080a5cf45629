/** An alert as a Slack message. Pure. */

import { Step } from "./incidents.js";
import { elapsed } from "./moment.js";
import { byCodePoint, cut } from "./text.js";

/** @typedef {import("./alerts.js").Alert} Alert */

/**
 * What is posted, in the words of chat.postMessage.
 * @typedef {{channel: string, text: string, attachments: object[], metadata: object}} Message
 */

const CHANNELS = new Map(["critical", "warning", "info"].map((severity) => [severity, `#alerts-${severity}`]));
const COLOURS = new Map([["critical", "#d63232"], ["warning", "#e8a317"], ["info", "#3b82c4"]]);
const RESOLVED = "#2e9e5b";
export const MAX_TEXT = 3000; // Slack shows no more of an attachment before it folds it; its own limit is 40 000.
const MAX_LABELS = 20;

/**
 * The channel of an alert; an unknown severity goes where people look, so to the warnings.
 * @param {Alert} alert
 * @param {string} fixed - the one channel for everything, or empty
 */
export const channelFor = (alert, fixed) => fixed || (CHANNELS.get(alert.severity) ?? "#alerts-warning");

/**
 * The message that tells what `step` means for the incident.
 * @param {Alert} alert
 * @param {string} step
 * @param {string} channel
 * @param {string} environment
 * @returns {Message}
 */
export function render(alert, step, channel, environment) {
  const colour = COLOURS.get(alert.severity) ?? /** @type {string} */ (COLOURS.get("warning"));
  return {
    channel,
    text: cut(headline(alert, step, environment), MAX_TEXT),
    attachments: [
      {
        color: alert.status === "resolved" ? RESOLVED : colour,
        text: cut(body(alert, step === Step.REPLY), MAX_TEXT),
        mrkdwn_in: ["text"],
      },
    ],
    // Lets a person (or a later version) tell which incident a message belongs to.
    metadata: { event_type: "alert_threader", event_payload: { incident: alert.incident, status: alert.status } },
  };
}

/**
 * @param {Alert} alert
 * @param {string} step
 * @param {string} environment
 */
function headline(alert, step, environment) {
  const what = `*${escape(alert.name)}* (${escape(alert.severity || "no severity")}, ${escape(environment)})`;
  if (alert.status === "resolved") {
    const unknown = step === Step.OPEN_RESOLVED ? " - its first message is not known here" : "";
    return `:white_check_mark: Resolved: ${what}${after(alert)}${unknown}`;
  }
  return `:rotating_light: ${step === Step.OPEN ? "Firing" : "Firing again"}: ${what}`;
}

/** @param {Alert} alert */
function after({ startsAt, endsAt }) {
  const seconds = endsAt && elapsed(startsAt, endsAt);
  if (seconds === null) return "";
  /** @type {[number, string][]} */
  const units = [[86400, "d"], [3600, "h"], [60, "min"], [0, "s"]];
  const [size, unit] = /** @type {[number, string]} */ (units.find(([least]) => seconds >= least));
  return ` after ${Math.floor(seconds / (size || 1))} ${unit}`;
}

/**
 * @param {Alert} alert
 * @param {boolean} inThread
 */
function body(alert, inThread) {
  const said = ["summary", "description", "message"].map((key) => alert.annotations.get(key) ?? "").filter(Boolean);
  // In a thread the first message has the labels.
  return [...said.map(escape), ...(inThread ? [] : labelLines(alert))].join("\n") || escape(alert.name);
}

/** @param {Alert} alert */
function labelLines(alert) {
  const labels = [...alert.labels].filter(([key]) => key !== "alertname" && key !== "severity");
  labels.sort(([first], [second]) => byCodePoint(first, second));
  const shown = labels.slice(0, MAX_LABELS).map(([key, value]) => `\`${escape(key)}\` ${escape(value)}`);
  if (labels.length > MAX_LABELS) shown.push(`and ${labels.length - MAX_LABELS} more`);
  const links = [["runbook", alert.annotations.get("runbook_url") ?? ""], ["source", alert.generatorUrl]]
    .filter(([, url]) => /^https?:\/\//.test(url))
    .map(([title, url]) => `<${escape(url).replaceAll("|", "%7C").replaceAll("\n", "")}|${title}>`);
  return [shown.join(" · "), links.join(" · ")].filter(Boolean);
}

/**
 * Text as Slack wants it, so that no label can mention @channel or make a link.
 * @param {string} text
 */
export const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
