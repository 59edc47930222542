// The page: log in, take a snapshot, follow what changes.

import { carry } from "./language.js";
import * as api from "./api.js";
import { AlertList } from "./alertlist.js";
import { Live } from "./live.js";
import { byId, make, shown } from "./dom.js";
import { MapView } from "./mapview.js";
import { Newest } from "./newest.js";
import { soon } from "./soon.js";
import { State, isInHand } from "./state.js";
import { many, say } from "./texts.js";
import { clockText, localText, now_ms, setServerNow, tickAges } from "./time.js";
import { certaintyWords, eventWords, partyWords, priorityWords } from "./words.js";
import { Theme } from "./theme.js";
import { WearerList } from "./wearerlist.js";

const REFRESH_PAUSE_MS = 400; // several changes of orders at once need one snapshot
const SLOW_TICKS = 5;
const TITLE = "emon";

const state = new State();
const theme = new Theme(byId("theme"), (isDark) => map.setDark(isDark));
const map = new MapView(byId("map"), state, theme.isDark, (wearer) => state.select(wearer));
const alerts = new AlertList(byId("alerts"), byId("alerts-empty"), state, { onShow: showAlert, onTake: takeAlert, onClose: closeAlert, onAnswer: answerIncident, onLife: (alert) => api.life(alert.id) });
const wearers = new WearerList(byId("wearers"), byId("wearers-empty"), state, (wearer) => { state.select(wearer.wearer); map.showWearer(wearer); });
const newest = new Newest(byId("newest"), (id) => alerts.show(id));
const live = new Live({
  alert: (alert) => state.setAlerts([alert], true),
  breach: (breach) => state.setBreach(breach),
  positions: (positions) => { if (!state.setPositions(positions)) refreshSoon(); },
  orders: () => refreshSoon(),
  beat: (beat) => takeBeat(beat),
  reset: () => { live.close(); begin(); },
  state: (word) => setConnection(word),
  refused: () => isLoggedOut(),
});

let connection = "connecting";
let lastSeen = null; // the server's time of the last sign of life
let engine = null; // what the last heartbeat said
const older = {}; // by status: where the next page of older alerts begins, null at the end
let refreshTimer = null;
let edgeTimer = null;
let ticks = 0;

// --- log in ---------------------------------------------------------------------------------------

byId("login-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.target.querySelector("button");
  button.disabled = true;
  byId("login-fault").textContent = "";
  try {
    state.person = await api.logIn(byId("login-name").value, byId("login-password").value);
    await enter();
  } catch (fault) {
    byId("login-fault").textContent = fault.message;
    byId("login-password").select();
  } finally {
    button.disabled = false;
  }
});

byId("logout").addEventListener("click", async () => {
  live.close();
  await api.logOut().catch(() => null);
  location.reload(); // nothing about a person stays in memory
});

function showLogin() {
  live.close();
  byId("desk").hidden = true;
  byId("login").hidden = false;
  byId("login-name").focus();
}

async function isLoggedOut() {
  try {
    await api.session();
    return false;
  } catch (fault) {
    if (fault.status !== 401) return false;
    location.reload();
    return true;
  }
}

const carried = carry("desk", () => ({ person: state.person?.name ?? null, tab: shownTab, drafts: alerts.drafts.all() }));

async function enter() {
  if (carried !== null && carried.person === state.person.name) {
    alerts.drafts.take(carried.drafts);
    showTab(carried.tab);
  }
  byId("login").hidden = true;
  byId("login-password").value = "";
  byId("desk").hidden = false;
  byId("feedback").hidden = state.person.party !== "meldkamer_em";
  byId("person").replaceChildren(make("strong", { text: state.person.name }), ` ${partyWords(state.person.party)}`);
  setConnection("connecting");
  if (map.map === null) {
    map.open().catch((fault) => {
      byId("map-fault").textContent = say("map.fault", { fault: fault.message });
      byId("map-fault").hidden = false;
    });
  }
  followProtected();
  await begin();
}

// --- snapshot and stream ----------------------------------------------------------------------------

async function begin() {
  const now = await retried(() => api.now()); // before the alerts: its cursor is where the stream begins
  if (now === null) return;
  setServerNow(now.now);
  state.setNow(now);
  scheduleEdge(now);
  const ids = new Set(); // of all of them: one page alone could hide an urgent one behind hundreds of others
  for await (const page of api.waiting(retried)) {
    if (page === null) return;
    state.setAlerts(page);
    for (const alert of page) ids.add(alert.id);
  }
  state.keepWaiting(ids);
  if (alerts.filter !== "open") await loadMore(alerts.filter, null);
  live.open(now.cursor);
}

/** Until it works; null when the session is over meanwhile. */
async function retried(ask) {
  for (let pause_ms = 500; ; pause_ms = Math.min(pause_ms * 2, 10_000)) {
    try {
      return await ask();
    } catch (fault) {
      if (fault.status === 401) {
        showLogin();
        return null;
      }
      setConnection("reconnecting");
      await new Promise((resolve) => setTimeout(resolve, pause_ms));
    }
  }
}

function refreshSoon() {
  clearTimeout(refreshTimer);
  refreshTimer = setTimeout(async () => {
    const now = await api.now().catch(() => null); // the stream goes on; its next sign tries again
    if (now === null) return;
    state.setNow(now);
    scheduleEdge(now);
  }, REFRESH_PAUSE_MS);
}

/** Ask again when the next ban begins or ends to hold: nothing is sent for that. */
function scheduleEdge(now) {
  clearTimeout(edgeTimer);
  const edges = now.conditions.map((one) => one.changes_at).filter((at) => at !== null).sort();
  if (edges.length === 0) return;
  const wait_ms = Math.max(500, Date.parse(edges[0]) - now_ms() + 200);
  edgeTimer = setTimeout(refreshSoon, Math.min(wait_ms, 3_600_000));
}

function takeBeat(beat) {
  setServerNow(beat.now);
  lastSeen = beat.now;
  engine = beat;
  drawConnection();
}

function setConnection(word) {
  if (word === "live") lastSeen = new Date(now_ms()).toISOString();
  if (word === connection) return;
  connection = word;
  drawConnection();
}

const PROTECTED_EACH_MS = 5_000; // within the ten seconds that the map may be behind

/** Where protected persons are, for those who may see it; nobody else's page asks. */
async function followProtected() {
  const carried = await api.protectedNow().catch((fault) => (fault.status === 403 ? null : []));
  if (carried === null) return;
  if (carried.protected !== undefined) map.drawProtected(carried.protected);
  byId("protected-key").hidden = (carried.protected ?? []).length === 0;
  setTimeout(followProtected, PROTECTED_EACH_MS);
}

const WAITS_TOLD_MS = 60_000;

function waitingWords(inbox, now) {
  if (inbox === null || inbox.oldest_at === null || now === null) return "";
  if (Date.parse(now) - Date.parse(inbox.oldest_at) < WAITS_TOLD_MS) return "";
  const noisy = inbox.devices_over_budget;
  const who = noisy === 0 ? "" : ` ${many("stale.noisy", noisy)}`;
  return say("stale.waiting", { count: inbox.fixes, when: localText(inbox.oldest_at) }) + who;
}

// A recipient whose breaker is open hears nothing by this way now: somebody must call.
function downWords(recipients) {
  const down = Object.entries(recipients ?? {}).filter(([, one]) => one.down_since !== null);
  if (down.length === 0) return "";
  const who = down.map(([party, one]) => say("stale.down_since", { party: partyWords(party), when: localText(one.down_since) })).join(", ");
  return say("stale.down", { who });
}

function drawConnection() {
  const lost = engine?.database_lost_at ?? null;
  const isWell = engine === null || engine.status.ok === true;
  const word = connection === "live" && (lost !== null || !isWell) ? "fault" : connection;
  const node = byId("connection");
  node.dataset.state = word;
  node.textContent = say(`connection.${word}`);
  const stale = byId("stale");
  let words = "";
  if (connection === "reconnecting" && lastSeen !== null) words = say("stale.lost", { when: localText(lastSeen) });
  else if (lost !== null) words = say("stale.database", { when: localText(lost) });
  else if (!isWell) words = say("stale.engine");
  else {
    const waiting = waitingWords(engine?.status.inbox ?? null, engine?.now ?? null);
    words = [downWords(engine?.status.recipients), waiting].filter((part) => part !== "").join(" ");
  }
  if (stale.textContent !== words) stale.textContent = words;
  stale.hidden = words === "";
}

// --- lists ------------------------------------------------------------------------------------------

function showAlert(alert) {
  if (alert.wearer !== null && state.wearers.has(alert.wearer)) state.select(alert.wearer);
  map.showAlert(alert);
}

async function takeAlert(alert) {
  const answer = await api.acknowledge(alert.id);
  const known = state.alerts.get(alert.id);
  const others = known.acknowledgements.filter((one) => one.party !== answer.acknowledgement.party);
  state.setAlerts([{ ...known, acknowledgements: [...others, answer.acknowledgement] }]);
}

async function closeAlert(alert, closing, together) {
  const closed = together ? (await api.resolveBreach(alert.breach.id, closing)).closed : [{ alert: alert.id, ...(await api.resolve(alert.id, closing)) }];
  const known = closed.filter((one) => state.alerts.has(one.alert));
  state.setAlerts(known.map((one) => ({ ...state.alerts.get(one.alert), resolution: one.resolution, stage: "resolved", owed: [], next_climb_at: null })));
}

async function answerIncident(alert, word) {
  const answer = await api.answerIncident(alert.incident.id, word);
  if (answer.again) return;
  const known = state.alerts.get(alert.id);
  const answers = known.incident.answers.filter((one) => one.answered_at !== answer.answer.answered_at);
  state.setAlerts([{ ...known, incident: { ...known.incident, answers: [...answers, answer.answer] } }]);
}

async function loadMore(status, before) {
  const page = await api.alerts(status, before).catch(() => null);
  if (page === null) return;
  older[status] = page.next;
  state.setAlerts(page.alerts);
  byId("older").hidden = alerts.filter !== status || older[status] === null;
}

const TABS = ["open", "acknowledged", "resolved", "all", "wearers"];

let shownTab = "open";

function showTab(name) {
  shownTab = name;
  for (const tab of TABS) {
    const button = byId(`tab-${tab}`);
    button.setAttribute("aria-selected", String(tab === name));
    button.tabIndex = tab === name ? 0 : -1;
  }
  byId("panel-alerts").hidden = name === "wearers";
  byId("panel-alerts").setAttribute("aria-labelledby", `tab-${name === "wearers" ? "open" : name}`);
  byId("panel-wearers").hidden = name !== "wearers";
  byId("older").hidden = name === "wearers" || (older[name] ?? null) === null;
  if (name === "wearers") {
    wearers.draw();
    return;
  }
  alerts.setFilter(name);
  drawTally();
  if (name !== "open" && older[name] === undefined && state.person !== null) loadMore(name, null);
}

for (const [place, tab] of TABS.entries()) {
  byId(`tab-${tab}`).addEventListener("click", () => showTab(tab));
  byId(`tab-${tab}`).addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const next = TABS[(place + step + TABS.length) % TABS.length];
    showTab(next);
    byId(`tab-${next}`).focus();
  });
}
byId("panel-wearers").setAttribute("aria-labelledby", "tab-wearers");
byId("older").addEventListener("click", () => loadMore(alerts.filter, older[alerts.filter]));
byId("fit").addEventListener("click", () => map.fit());
byId("trails").addEventListener("change", (event) => map.setTrails(event.target.checked));

function drawTally() {
  const waiting = state.listed("open");
  byId("count-acknowledged").textContent = String(state.listed("acknowledged").length);
  byId("count-open").textContent = String(waiting.length);
  byId("count-wearers").textContent = String(state.wearers.size);
  const counted = [1, 2, 3].map((priority) => [priority, waiting.filter((alert) => alert.priority === priority).length]);
  byId("tally").replaceChildren(...counted.flatMap(([priority, count]) => [
    make("dt", { class: `tally-p${priority}${count === 0 ? " none" : ""}`, title: say("tally.priority", { priority, words: priorityWords(priority) }), text: `P${priority}` }),
    make("dd", { class: count === 0 ? "none" : null, text: String(count) }),
  ]));
  newest.draw(waiting, alerts.filter === "open", (alert) => state.breachOf(alert));
  const urgent = waiting.filter((alert) => alert.priority === 1 && !isInHand(alert)).length;
  document.title = urgent > 0 ? `(${urgent}) ${TITLE}` : TITLE;
}

/** Of what came in at once the most urgent is said: the last word alone is heard. */
function announce() {
  const [alert] = news.splice(0).sort((a, b) => a.priority - b.priority);
  const certainty = alert.certainty === null ? "" : `, ${certaintyWords(alert.certainty)}`;
  const what = `${eventWords(alert.event, state.breachOf(alert))}${certainty}`;
  byId("announce").textContent = shown(say("announce", { priority: alert.priority, what, who: alert.wearer ?? alert.device ?? "" }));
}

// --- who hears what -----------------------------------------------------------------------------------

const news = []; // alerts that came in and are not announced yet
const drawAlertsSoon = soon(() => { alerts.draw(); drawTally(); });
const drawMapSoon = soon(() => { map.drawZones(); map.drawPositions(); drawWearersIfShown(); });
const announceSoon = soon(announce);

state.addEventListener("alerts", drawAlertsSoon);
state.addEventListener("news", (event) => { news.push(event.detail); announceSoon(); });
state.addEventListener("zones", () => { drawMapSoon(); drawAlertsSoon(); });
state.addEventListener("positions", () => { map.drawPositionsSoon(); drawWearersIfShown(); });
state.addEventListener("breaches", drawMapSoon);
state.addEventListener("selected", () => { map.drawSelected(); drawWearersIfShown(); });

function drawWearersIfShown() {
  if (!byId("panel-wearers").hidden) wearers.draw();
}

setInterval(() => {
  tickAges();
  byId("clock").textContent = clockText();
  ticks += 1;
  if (ticks % SLOW_TICKS === 0) map.drawPositions(); // a position grows stale without any event
}, 1000);

showTab("open");
drawTally();
state.person = await api.session().catch(() => null);
if (state.person === null) showLogin();
else await enter();
