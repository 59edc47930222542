// The other language, by a button: kept in this browser, and the page is asked for again.

const YEAR_S = 365 * 86_400;

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `emon_language=${button.dataset.language}; path=/; max-age=${YEAR_S}; samesite=strict${secure}`;
    location.reload();
  });
}
