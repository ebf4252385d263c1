// The desk's clock in the browser: its own time at its own pace, from the stamps of messages.

/** Desk time from `(ts, speed)`; the quickest message says where the clock stands. */
export class DeskClock {
  constructor() {
    this.speed = 1;
    this.offset = null;
    this.lag = 0; // ms of wall time the last message came later than the quickest one
  }

  /** Take a stamp `ts` (desk ms) seen at `wall` (ms); `speed` only when the message carries it. */
  sync(ts, wall, speed) {
    if (!Number.isFinite(ts)) return;
    if (Number.isFinite(speed) && speed > 0 && speed !== this.speed) {
      this.speed = speed;
      this.offset = null;
    }
    const offset = ts - wall * this.speed;
    const behind = this.offset === null ? -1 : this.offset - offset;
    // a desk that stood still (a restart, a pause) sets the clock anew
    if (behind < 0 || behind > 5000 * this.speed) this.offset = offset;
    else this.offset -= behind * 0.02;
    this.lag = behind < 0 ? 0 : behind / this.speed;
  }

  /** True once a message has set the clock. */
  get isSet() {
    return this.offset !== null;
  }

  /** Desk time in ms at `wall` ms. */
  now(wall) {
    return this.offset === null ? wall : wall * this.speed + this.offset;
  }
}

/** Say a span of seconds as 0:42, 1:05:10 or 3 d (`day` is the word); negative spans carry a minus sign. */
export function span(seconds, day = "d") {
  const sign = seconds < 0 ? "−" : "";
  const s = Math.floor(Math.abs(seconds));
  const two = (n) => String(n).padStart(2, "0");
  if (s >= 172800) return `${sign}${Math.floor(s / 86400)} ${day}`;
  if (s >= 3600) return `${sign}${Math.floor(s / 3600)}:${two(Math.floor((s % 3600) / 60))}:${two(s % 60)}`;
  return `${sign}${Math.floor(s / 60)}:${two(s % 60)}`;
}

/**
 * Return a formatter of epoch seconds as HH:MM in a zone; with `now` (a function, epoch seconds) a
 * moment of another day says its weekday first, one a week off or farther its day and month.
 */
export function hourFormat(zone, lang, now = null) {
  const tongue = lang === "zh" ? "zh-CN" : "en-GB";
  const made = (options) => {
    try {
      return new Intl.DateTimeFormat(tongue, { ...options, timeZone: zone });
    } catch {
      return new Intl.DateTimeFormat(tongue, options);
    }
  };
  const format = made({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const day = made({ year: "numeric", month: "numeric", day: "numeric" });
  const weekday = made({ weekday: "short" });
  const date = made({ month: "short", day: "numeric" });
  return (at) => {
    const text = format.format(at * 1000);
    if (!now || Math.abs(at - now()) < 1800 || day.format(at * 1000) === day.format(now() * 1000)) return text;
    const named = Math.abs(at - now()) < 6 * 86400 ? weekday : date;
    return `${named.format(at * 1000)} ${text}`;
  };
}

/** Seconds that a zone's wall clock is ahead of UTC at `at`. */
export function zoneOffset(zone, at) {
  try {
    const parts = new Intl.DateTimeFormat("en-US", {
      timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
      hour: "numeric", minute: "numeric", second: "numeric",
    }).formatToParts(at * 1000);
    const of = Object.fromEntries(parts.map((p) => [p.type, Number(p.value)]));
    return Date.UTC(of.year, of.month - 1, of.day, of.hour, of.minute, of.second) / 1000 - Math.floor(at);
  } catch {
    return 0;
  }
}
