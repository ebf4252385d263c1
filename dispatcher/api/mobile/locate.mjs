// Where the phone is, told only while the shift runs and only after the engineer has agreed.
import { metres, onShift } from "./model.mjs";

const EVERY_S = 10;
const MOVED_M = 50;
const BATCH = 20;
const AGE_S = 600;

/** Collects positions and sends them in batches; what cannot be sent is thinned, never piled up. */
export class Locator {
  constructor({ send, now, route, onState, geolocation = globalThis.navigator?.geolocation }) {
    Object.assign(this, { send, now, route, onState, geolocation });
    this.waiting = [];
    this.last = null;
    this.state = geolocation && globalThis.isSecureContext !== false ? "off" : "impossible";
  }

  start() {
    if (this.state === "impossible" || this.watch !== undefined) return;
    this.watch = this.geolocation.watchPosition((found) => this.take(found.coords), (problem) => this.#say(problem.code === 1 ? "denied" : "searching"), { enableHighAccuracy: true, maximumAge: 5000 });
    this.#say("searching");
  }

  stop() {
    if (this.watch !== undefined) this.geolocation.clearWatch(this.watch);
    this.watch = undefined;
    this.waiting = [];
    this.#say(this.state === "impossible" ? "impossible" : "off");
  }

  /** Take one fix; returns true when it is worth telling. */
  take({ latitude: lat, longitude: lon, accuracy, heading }) {
    const now = Math.round(this.now());
    this.place = { lat, lon };
    if (!onShift(this.route(), now)) return false;
    this.#say("on");
    if (this.last && now - this.last.at < EVERY_S && metres(this.last, this.place) < MOVED_M) return false;
    const item = { lat: Number(lat.toFixed(6)), lon: Number(lon.toFixed(6)), at: now };
    if (Number.isFinite(accuracy)) item.accuracy_m = Math.round(accuracy);
    if (Number.isFinite(heading)) item.heading = Math.round(heading);
    this.last = item;
    this.waiting = [...this.waiting, item].filter((one) => now - one.at < AGE_S * 3).slice(-BATCH);
    void this.flush();
    return true;
  }

  async flush() {
    if (this.isSending || !this.waiting.length) return;
    this.isSending = true;
    const batch = this.waiting;
    this.waiting = [];
    try {
      await this.send(batch);
    } catch (problem) {
      // a refused batch is wrong for good; one without a line waits for the next fix
      if (!problem.status) this.waiting = [...batch, ...this.waiting].slice(-BATCH);
    }
    this.isSending = false;
  }

  #say(state) {
    if (state === this.state) return;
    this.state = state;
    this.onState(state);
  }
}
