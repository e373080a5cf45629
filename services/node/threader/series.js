/** Counters, gauges and histograms, and how Prometheus reads them (text format 0.0.4). */

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, Infinity];

/** A number that goes up (counter) or anywhere (gauge). */
class Value {
  value = 0;

  /** @param {number} [by] */
  inc(by = 1) {
    this.value += by;
  }

  /** @param {number} value */
  set(value) {
    this.value = value;
  }

  /** @returns {[string, [string, string][], number][]} suffix, more labels, value */
  samples() {
    return [["", [], this.value]];
  }
}

/** How often something took how many seconds. */
class Distribution {
  counts = BUCKETS.map(() => 0);
  sum = 0;

  /** @param {number} seconds */
  observe(seconds) {
    this.counts[BUCKETS.findIndex((bound) => seconds <= bound)] += 1;
    this.sum += seconds;
  }

  /** @returns {() => void} to be called at the end */
  startTimer() {
    const started = performance.now();
    return () => this.observe((performance.now() - started) / 1000);
  }

  /** @returns {[string, [string, string][], number][]} */
  samples() {
    let below = 0;
    /** @type {[string, [string, string][], number][]} */
    const buckets = this.counts.map((count, i) => ["_bucket", [["le", written(BUCKETS[i])]], (below += count)]);
    return [...buckets, ["_count", [], below], ["_sum", [], this.sum]];
  }
}

/**
 * All series of one name.
 * @template {Value | Distribution} S
 */
class Family {
  /** @type {Map<string, {labels: [string, string][], series: S}>} */
  #all = new Map();

  /**
   * @param {string} name
   * @param {string} help
   * @param {string[]} labels
   * @param {"counter" | "gauge" | "histogram"} type
   * @param {() => S} make
   */
  constructor(name, help, labels, type, make) {
    this.name = name;
    this.help = help;
    this.labels = labels;
    this.type = type;
    this.make = make;
    if (!labels.length) this.with();
  }

  /**
   * The series with these values of the labels, made when it is new.
   * @param {...string} values
   * @returns {S}
   */
  with(...values) {
    const key = JSON.stringify(values);
    let found = this.#all.get(key);
    if (!found) {
      const labels = this.labels.map((name, i) => /** @type {[string, string]} */ ([name, values[i]]));
      found = { labels, series: this.make() };
      this.#all.set(key, found);
    }
    return found.series;
  }

  text() {
    const lines = [`# HELP ${this.name} ${this.help}`, `# TYPE ${this.name} ${this.type}`];
    for (const { labels, series } of this.#all.values()) {
      for (const [suffix, more, value] of series.samples()) {
        lines.push(`${this.name}${suffix}${braces([...labels, ...more])} ${written(value)}`);
      }
    }
    return `${lines.join("\n")}\n`;
  }
}

/**
 * @param {string} name
 * @param {string} help
 * @param {...string} labels
 */
export const counter = (name, help, ...labels) => new Family(name, help, labels, "counter", () => new Value());

/**
 * @param {string} name
 * @param {string} help
 * @param {...string} labels
 */
export const gauge = (name, help, ...labels) => new Family(name, help, labels, "gauge", () => new Value());

/**
 * @param {string} name
 * @param {string} help
 * @param {...string} labels
 */
export const histogram = (name, help, ...labels) =>
  new Family(name, help, labels, "histogram", () => new Distribution());

/** @param {[string, string][]} labels */
function braces(labels) {
  if (!labels.length) return "";
  const escaped = (/** @type {string} */ text) =>
    text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
  const sorted = [...labels].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([name, value]) => `${name}="${escaped(value)}"`).join(",")}}`;
}

/**
 * As Python's client writes it, so that a test of one is a test of all.
 * @param {number} value
 */
function written(value) {
  if (value === Infinity) return "+Inf";
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}
