// What the page knows. The parts tell it what arrived; whoever listens hears what changed.

const TRAIL_POINTS_MAX = 600;
const SURER = ["breach", "proximity"]; // what climbs in the place of an earlier alert of its breach
const GIVES_WAY = [...SURER, "historic_breach", "possible_incursion"];

export class State extends EventTarget {
  constructor() {
    super();
    this.person = null;
    this.wearers = new Map(); // wearer -> {wearer, risk, orders, devices, position}
    this.wearerOf = new Map(); // device -> wearer
    this.conditions = [];
    this.breaches = new Map(); // id -> breach, open ones and those of known alerts
    this.alerts = new Map(); // id -> alert
    this.trails = new Map(); // device -> [{lon, lat, at_ms}], only what was seen since the page opened
    this.selected = null; // wearer
  }

  #tell(kind, detail = null) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }

  /** A whole snapshot: what is not in it is gone. */
  setNow(now) {
    this.wearers = new Map(now.wearers.map((wearer) => [wearer.wearer, wearer]));
    this.wearerOf = new Map(now.wearers.flatMap((wearer) => wearer.devices.map((device) => [device, wearer.wearer])));
    this.conditions = now.conditions;
    for (const breach of this.breaches.values()) {
      // One that the snapshot does not list has closed meanwhile; when, its own event will say.
      if (isOpen(breach) && !now.breaches.some((open) => open.id === breach.id)) this.breaches.delete(breach.id);
    }
    for (const breach of now.breaches) this.breaches.set(breach.id, breach);
    for (const wearer of now.wearers) if (wearer.position) this.#trail(wearer.position);
    this.#tell("zones");
    this.#tell("positions");
    this.#tell("breaches");
  }

  /** Newest positions. False when a device is nobody's: then the wearers are out of date. */
  setPositions(positions) {
    let allKnown = true;
    for (const position of positions) {
      const wearer = this.wearers.get(this.wearerOf.get(position.device));
      if (wearer === undefined) {
        allKnown = false;
        continue;
      }
      const before = wearer.position;
      if (before === null || before.device === position.device || before.fixed_at <= position.fixed_at) wearer.position = position;
      this.#trail(position);
    }
    this.#tell("positions");
    return allKnown;
  }

  #trail(position) {
    const trail = this.trails.get(position.device) ?? [];
    const at_ms = Date.parse(position.fixed_at);
    if (trail.length > 0 && trail.at(-1).at_ms >= at_ms) return;
    trail.push({ lon: position.lon, lat: position.lat, at_ms });
    if (trail.length > TRAIL_POINTS_MAX) trail.shift();
    this.trails.set(position.device, trail);
  }

  /** Alerts as they stand. `fresh`: they come from the stream, so that a new one is announced. */
  setAlerts(alerts, fresh = false) {
    const news = [];
    for (const alert of alerts) {
      if (fresh && !this.alerts.has(alert.id)) {
        news.push(alert);
        this.#followedBy(alert);
      }
      this.alerts.set(alert.id, alert);
      if (alert.breach !== null) this.breaches.set(alert.breach.id, alert.breach);
    }
    this.#tell("alerts", alerts.map((alert) => alert.id));
    this.#tell("breaches");
    for (const alert of news) this.#tell("news", alert);
  }

  /** The stream sends what is new; that an earlier alert of its breach is told no more follows from it, as in the service. */
  #followedBy(surer) {
    if (surer.breach === null || !SURER.includes(surer.event)) return;
    for (const one of this.alerts.values()) {
      const givesWay = one.breach?.id === surer.breach.id && GIVES_WAY.includes(one.event) && one.at <= surer.at;
      if (!givesWay || one.priority < surer.priority || one.recipients.some((party) => !surer.recipients.includes(party))) continue;
      this.alerts.set(one.id, { ...one, followed_by: surer.id, next_climb_at: null });
    }
  }

  setBreach(breach) {
    this.breaches.set(breach.id, breach);
    const told = [...this.alerts.values()].filter((alert) => alert.breach?.id === breach.id);
    this.#tell("alerts", told.map((alert) => alert.id));
    this.#tell("breaches");
  }

  select(wearer) {
    this.selected = wearer;
    this.#tell("selected", wearer);
  }

  /** The breach of an alert as it stands, or null. */
  breachOf(alert) {
    return alert.breach === null ? null : (this.breaches.get(alert.breach.id) ?? alert.breach);
  }

  /** Whether an alert still waits: nobody closed it, and nobody took it in hand or its breach goes on. */
  isWaiting(alert) {
    if (alert.resolution !== null) return false;
    const breach = this.breachOf(alert);
    return !isInHand(alert) || (breach !== null && isOpen(breach));
  }

  /** Breaches that go on, by wearer. */
  openBreaches() {
    const found = new Map();
    for (const breach of this.breaches.values()) {
      if (!isOpen(breach)) continue;
      if (!found.has(breach.wearer)) found.set(breach.wearer, []);
      found.get(breach.wearer).push(breach);
    }
    return found;
  }

  /** Those of a status of the API: `open` and `acknowledged` the most urgent first, `resolved` and `all` the newest. The
   * alert of `held` stands where it stood then: nothing moves away under the hand of whoever works on it. */
  listed(status, held = null) {
    const newest = (a, b) => (a.detected_at < b.detected_at ? 1 : a.detected_at > b.detected_at ? -1 : a.id < b.id ? 1 : -1);
    const all = [...this.alerts.values()];
    if (status === "all") return all.sort(newest);
    if (status === "resolved") return all.filter((alert) => alert.resolution !== null).sort(newest);
    const inHand = (alert) => alert.resolution === null && isInHand(alert);
    const place = (alert) => (alert.id === held?.id ? held.standing : standing(alert));
    return all.filter((alert) => (status === "open" ? this.isWaiting(alert) : inHand(alert)))
      .map((alert) => [place(alert), alert]).sort(([a], [b]) => compared(a, b)).map(([, alert]) => alert);
  }

  /** Those that waited and are not among `ids`, all that wait as the service says now, wait no more. */
  keepWaiting(ids) {
    for (const alert of this.alerts.values()) if (this.isWaiting(alert) && !ids.has(alert.id)) this.alerts.delete(alert.id);
    this.#tell("alerts", []);
  }
}

/** Where an alert stands among those that nobody closed, as the API's `order=urgency`: by priority, who has no answer
 * before who has one, and of those whoever waits longest. */
export const standing = (alert) => [alert.priority, isInHand(alert) ? 1 : 0, alert.detected_at, alert.id];

function compared(a, b) {
  const place = a.findIndex((part, n) => part !== b[n]);
  return place < 0 ? 0 : a[place] < b[place] ? -1 : 1;
}

/** Whether somebody of staff acknowledged it: that the protected person has read of it puts it in nobody's hand. */
export const isInHand = (alert) => alert.acknowledgements.some((one) => one.party !== "beschermde");
export const isOpen = (breach) => breach.closed_at === null && !breach.refuted;
