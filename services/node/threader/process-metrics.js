/** The process' own numbers, by the names that all Prometheus clients use. What /proc does not tell is left out. */

import { readdirSync, readFileSync } from "node:fs";

import { gauge, counter } from "./series.js";

const PAGE = 4096;

/** @type {[typeof gauge, string, string, () => number][]} */
const SOURCES = [
  [gauge, "process_virtual_memory_bytes", "Virtual memory size in bytes.", () => Number(statm().split(" ")[0]) * PAGE],
  [gauge, "process_resident_memory_bytes", "Resident memory size in bytes.", () => process.memoryUsage.rss()],
  [
    gauge,
    "process_start_time_seconds",
    "Start time of the process since unix epoch in seconds.",
    () => Math.round(performance.timeOrigin / 10) / 100,
  ],
  [counter, "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", cpuSeconds],
  [gauge, "process_open_fds", "Number of open file descriptors.", () => readdirSync("/proc/self/fd").length],
  [gauge, "process_max_fds", "Maximum number of open file descriptors.", maxFiles],
];

/** The families, with the values of now. */
export function processMetrics() {
  return SOURCES.flatMap(([kind, name, help, read]) => {
    try {
      const family = kind(name, help);
      family.with().set(read());
      return [family];
    } catch {
      return [];
    }
  });
}

const statm = () => readFileSync("/proc/self/statm", "ascii");

function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function maxFiles() {
  const found = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "ascii"));
  if (!found) throw new Error("unlimited");
  return Number(found[1]);
}
