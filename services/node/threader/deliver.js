/**
 * One webhook's alerts into Slack: each change of an incident's state posted once, whatever is retried.
 *
 * What can still go wrong, honestly: Slack has no idempotent post. If this process dies (or Slack's answer is lost)
 * after Slack took a message and before it was recorded, the retry posts that one message a second time. A record that
 * could not be stored is kept in this process and stored first at the next delivery, so a store that fails for a while
 * causes no repeats.
 */

import { setImmediate, setTimeout as delay } from "node:timers/promises";

import { nextStep, Step } from "./incidents.js";
import { event } from "./log.js";
import { channelFor, render } from "./message.js";
import { SlackError, THREAD_GONE } from "./slack.js";
import { IncidentHeldError, StoreError } from "./store/errors.js";

/** @typedef {import("./alerts.js").Alert} Alert */
/** @typedef {import("./incidents.js").Thread} Thread */
/** @typedef {import("./slack.js").Posted} Posted */

const BREATH = 64; // alerts after which other requests get their turn, for webhooks that need no waiting at all

/** What became of a webhook's alerts. */
export class Report {
  /** How many by step: opened, threaded, duplicate, ... @type {Record<string, number>} */
  done = {};
  /** One sentence for each alert that Slack or the store did not take. @type {string[]} */
  failed = [];
  /** Of each alert that was posted now and has an id from Slack. @type {{fingerprint: string, ts: string}[]} */
  delivered = [];
  notTried = 0;
  storeFailed = false;
  /** Seconds. @type {number | null} */
  retryAfter = null;

  /** True when nothing is left for a retry. */
  get complete() {
    return !this.failed.length && !this.notTried;
  }
}

/** Posts alerts; any number of deliveries may run at a time. */
export class Deliverer {
  /**
   * @param {import("./settings.js").Settings} settings
   * @param {import("./store/index.js").ThreadStore} store
   * @param {import("./slack.js").Slack} slack
   * @param {import("./metrics.js").Metrics} metrics
   * @param {(ms: number) => Promise<unknown>} [sleep]
   * @param {typeof event} [say]
   */
  constructor(settings, store, slack, metrics, sleep = delay, say = event) {
    this.settings = settings;
    this.store = store;
    this.slack = slack;
    this.metrics = metrics;
    this.sleep = sleep;
    this.say = say;
    /** @type {Map<string, Thread>} */
    this.unsaved = new Map();
  }

  /**
   * Deliver in order; stops early only at a failure that the alerts after it would share.
   * @param {Alert[]} alerts
   */
  async deliver(alerts) {
    const report = new Report();
    const budget = new Budget(this.settings.slackMaxWait, this.sleep);
    for (const [position, alert] of alerts.entries()) {
      if (position % BREATH === BREATH - 1) await setImmediate();
      try {
        const [step, ts] = await this.deliverOne(alert, budget);
        report.done[step] = (report.done[step] ?? 0) + 1;
        this.metrics.messages.with(step).inc();
        if (ts) report.delivered.push({ fingerprint: alert.fingerprint, ts });
      } catch (error) {
        if (!this.goOn(report, alert, error)) {
          report.notTried = alerts.length - position - 1;
          break;
        }
      }
    }
    return report;
  }

  /**
   * Note a failure.
   * @param {Report} report
   * @param {Alert} alert
   * @param {unknown} error
   * @returns {boolean} whether the next alert is worth trying
   */
  goOn(report, alert, error) {
    if (error instanceof SlackError) {
      this.failed(report, alert, "slack", error.code);
      report.retryAfter = error.retryAfter;
      return error.aboutOneMessage;
    }
    if (!(error instanceof StoreError)) throw error;
    this.failed(report, alert, "store", error.message);
    // One incident may be stuck at another instance; two are a sign of more.
    const held = error instanceof IncidentHeldError && !report.storeFailed;
    report.storeFailed = true;
    return held;
  }

  /**
   * @param {Report} report
   * @param {Alert} alert
   * @param {string} kind
   * @param {string} reason
   */
  failed(report, { name, incident }, kind, reason) {
    this.metrics.errors.with(kind).inc();
    report.failed.push(`${name}: ${kind}: ${reason}`);
    const fields = { kind, reason, alertname: name, incident };
    this.say("error", "alert not delivered, Alertmanager is asked to retry", fields);
  }

  /**
   * @param {Alert} alert
   * @param {Budget} budget
   * @returns {Promise<[string, string | null]>} the step that was taken, and Slack's id of the message
   */
  async deliverOne(alert, budget) {
    const { incident, status } = alert;
    /** @type {[string, string | null]} */
    const [taken, posted] = await this.store.claim(incident, async () => {
      const known = await this.known(incident);
      let step = nextStep(known, status);
      if (step === Step.SKIP) return [step, null];
      if (!this.settings.slackBotToken && step === Step.REPLY) step = Step.POST_AGAIN;
      await this.store.check(); // better to refuse now than to post what cannot be recorded
      const [posted, done] = await this.post(alert, step, known, budget);
      // A reply's own id is not the thread's.
      const ts = done === Step.REPLY && known ? known.ts : posted.ts;
      await this.keep(incident, { status, channel: posted.channel, ts });
      return [done, posted.ts];
    });
    if (taken !== Step.SKIP) this.say("info", taken, { alertname: alert.name, incident, status });
    return [taken, posted];
  }

  /** @param {string} incident */
  async known(incident) {
    const unsaved = this.unsaved.get(incident);
    if (unsaved) {
      await this.store.put(incident, unsaved);
      this.unsaved.delete(incident);
    }
    return this.store.get(incident);
  }

  /**
   * @param {string} incident
   * @param {Thread} thread
   */
  async keep(incident, thread) {
    try {
      await this.store.put(incident, thread);
    } catch (error) {
      if (error instanceof StoreError) this.unsaved.set(incident, thread);
      throw error;
    }
  }

  /**
   * @param {Alert} alert
   * @param {string} step
   * @param {Thread | null} known
   * @param {Budget} budget
   * @returns {Promise<[Posted, string]>}
   */
  async post(alert, step, known, budget) {
    const { slackChannel, environment } = this.settings;
    if (step === Step.REPLY && known) {
      try {
        return [await this.send(render(alert, step, known.channel, environment), known.ts, budget), step];
      } catch (error) {
        if (!(error instanceof SlackError) || !THREAD_GONE.has(error.code)) throw error;
        this.say("warning", "the thread is gone from Slack, a new one is opened", { incident: alert.incident });
        step = Step.POST_AGAIN;
      }
    }
    return [await this.send(render(alert, step, channelFor(alert, slackChannel), environment), null, budget), step];
  }

  /**
   * @param {import("./message.js").Message} message
   * @param {string | null} threadTs
   * @param {Budget} budget
   * @returns {Promise<Posted>}
   */
  async send(message, threadTs, budget) {
    for (;;) {
      const done = this.metrics.slackSeconds.with().startTimer();
      try {
        return await this.slack.post(message, threadTs);
      } catch (error) {
        const tooFast = error instanceof SlackError && error.code === "ratelimited";
        if (!tooFast || !(await budget.wait(error.retryAfter ?? 0))) throw error;
        this.metrics.slackWaits.with().inc();
      } finally {
        done();
      }
    }
  }
}

/** How long one webhook may wait for Slack in all. */
class Budget {
  /**
   * @param {number} seconds
   * @param {(ms: number) => Promise<unknown>} sleep
   */
  constructor(seconds, sleep) {
    this.left = seconds;
    this.sleep = sleep;
  }

  /**
   * Wait if there is budget left for it.
   * @param {number} seconds
   */
  async wait(seconds) {
    const needed = Math.max(seconds, 0.05);
    if (needed > this.left) return false;
    this.left -= needed;
    await this.sleep(needed * 1000);
    return true;
  }
}
