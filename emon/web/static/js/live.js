// The live stream. It resumes from the last event's id, by itself and after every kind of ending.

const QUIET_MS = 25_000; // two heartbeats and a half: then the connection is taken for dead
const PAUSE_FIRST_MS = 500;
const PAUSE_MAX_MS = 10_000;
const KINDS = ["alert", "breach", "positions", "orders", "beat", "reset"];

export class Live {
  /**
   * `on` holds one function a kind of event (called with its data), `state(word)` with `live`,
   * `reconnecting`, and `refused()` when the session is over.
   */
  constructor(on) {
    this.on = on;
    this.source = null;
    this.cursor = null;
    this.pause_ms = PAUSE_FIRST_MS;
    this.timer = null;
    this.quiet = null;
  }

  /** Begin, or go on, after the cursor. */
  open(cursor) {
    this.close();
    this.cursor = cursor;
    this.source = new EventSource(`/api/v1/live?after=${encodeURIComponent(cursor)}`);
    for (const kind of KINDS) this.source.addEventListener(kind, (event) => this.#take(kind, event));
    this.source.addEventListener("error", () => this.#failed());
    this.#listenOn();
  }

  close() {
    clearTimeout(this.timer);
    clearTimeout(this.quiet);
    this.source?.close();
    this.source = null;
  }

  #take(kind, event) {
    if (event.target !== this.source) return;
    this.pause_ms = PAUSE_FIRST_MS;
    if (event.lastEventId) this.cursor = event.lastEventId;
    this.#listenOn();
    this.on.state("live");
    this.on[kind](JSON.parse(event.data));
  }

  #listenOn() {
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => this.#lost(), QUIET_MS);
  }

  // A cut connection the browser takes up again by itself, with Last-Event-ID. After any answer but
  // 200, such as a proxy's 502, it gives up for good: then, and after long quiet, we begin a new one.
  #failed() {
    if (this.source === null) return;
    if (this.source.readyState === EventSource.CONNECTING) this.on.state("reconnecting");
    else this.#lost();
  }

  #lost() {
    if (this.source === null) return;
    this.close();
    this.on.state("reconnecting");
    this.timer = setTimeout(() => this.#again(), this.pause_ms);
    this.pause_ms = Math.min(this.pause_ms * 2, PAUSE_MAX_MS);
  }

  async #again() {
    if (await this.on.refused()) return;
    this.open(this.cursor);
  }
}
