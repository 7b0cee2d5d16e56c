// What the rest of the machine does meanwhile, from /proc: on a shared machine a figure means little without it.
import { readdirSync, readFileSync } from "node:fs";

const TICKS = 100;

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Seconds that all cores have worked so far, waiting and stolen time apart. */
function busySeconds() {
  const [user, nice, system, , , irq, softirq] = read("/proc/stat")
    .split("\n")[0]
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq) / TICKS;
}

/** Seconds that this process and all below it have worked so far. */
function ownSeconds() {
  const processes = new Map();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const fields = read(`/proc/${pid}/stat`)
      ?.replace(/^.*\) /s, "")
      .split(" ");
    if (fields)
      processes.set(Number(pid), {
        parent: Number(fields[1]),
        seconds: (Number(fields[11]) + Number(fields[12])) / TICKS,
      });
  }
  const ours = (pid) => pid === process.pid || (processes.has(pid) && ours(processes.get(pid).parent));
  let seconds = 0;
  for (const [pid, entry] of processes) if (ours(pid)) seconds += entry.seconds;
  return seconds;
}

/** Starts watching; the function it gives tells how many cores others have used since. NaN where there is no /proc. */
export function watchOthers() {
  if (read("/proc/stat") === undefined) return () => Number.NaN;
  const began = { at: performance.now(), busy: busySeconds(), own: ownSeconds() };
  return () => {
    const wall = (performance.now() - began.at) / 1000;
    return Math.max(0, (busySeconds() - began.busy - (ownSeconds() - began.own)) / wall);
  };
}

/** Kilobytes of one line of a process's status, e.g. `VmHWM`; undefined where it is gone. */
export function statusKb(pid, line) {
  const found = new RegExp(`^${line}:\\s+(\\d+) kB`, "m").exec(read(`/proc/${pid}/status`) ?? "");
  return found ? Number(found[1]) : undefined;
}

/** The command line of a process, empty where it is gone. */
export const commandOf = (pid) => (read(`/proc/${pid}/cmdline`) ?? "").replaceAll("\0", " ");
