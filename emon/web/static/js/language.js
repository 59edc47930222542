// The other language, by a button: kept in this browser, and the page is asked for again. What was half written goes
// over with it: it stands in this tab's storage for as long as that takes, and no password ever does.

const YEAR_S = 365 * 86_400;
const CARRIED = "emon_half_written";

const carried = taken();
const keepers = new Map(); // name -> what gives it

function taken() {
  try {
    const found = JSON.parse(sessionStorage.getItem(CARRIED));
    sessionStorage.removeItem(CARRIED);
    return found?.page === location.pathname ? found : null;
  } catch {
    return null; // a browser that keeps nothing
  }
}

/** What `give` gives is kept over a change of language, under a name; what was kept of it so comes back, else null. */
export function carry(name, give) {
  keepers.set(name, give);
  return carried?.more[name] ?? null;
}

const fields = () => [...document.querySelectorAll(":is(input, select, textarea)[id]")].filter((one) => one.type !== "password" && one.closest("#alerts") === null);

for (const field of fields()) {
  const said = carried?.fields[field.id];
  if (said === undefined) continue;
  if (field.type === "checkbox") field.checked = said;
  else field.value = said;
}

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `emon_language=${button.dataset.language}; path=/; max-age=${YEAR_S}; samesite=strict${secure}`;
    const kept = {
      page: location.pathname,
      fields: Object.fromEntries(fields().map((one) => [one.id, one.type === "checkbox" ? one.checked : one.value])),
      more: Object.fromEntries([...keepers].map(([name, give]) => [name, give()])),
    };
    try {
      sessionStorage.setItem(CARRIED, JSON.stringify(kept));
    } catch { /* then it is lost, as the browser wants */ }
    location.reload();
  });
}
