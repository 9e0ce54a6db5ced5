// Looks whether the room has gone on, and reloads the page when it has; the page works without it.
const page = document.body.dataset;
const wait = Number(page.wait || 2000);
const isTyped = (node) => node.type !== "hidden" && (node === document.activeElement || node.value !== node.defaultValue);
const takesKeys = (node) => /^(INPUT|SELECT|TEXTAREA)$/.test(node?.tagName);
async function look() {
  if (document.hidden || !page.state) return;
  try {
    const answer = await fetch(page.state, { cache: "no-store" });
    if (!answer.ok) return;
    const state = await answer.json();
    if (String(state.version) !== page.version) return location.reload();
    for (const name of ["joined", "answered"])
      for (const node of document.querySelectorAll(`[data-count="${name}"]`))
        if (node.textContent !== String(state[name])) node.textContent = state[name];
    if (page.live && state.kept !== Number(page.live) && ![...document.querySelectorAll("input")].some(isTyped)) location.reload();
  } catch { /* the network is away: the next look will tell */ }
}
setInterval(look, wait * (1 + Math.random() / 4));
document.addEventListener("visibilitychange", look);
// A clicker's keys and the arrows move the room where this browser may steer it.
const moves = { ArrowRight: "go-on", PageDown: "go-on", ArrowLeft: "go-back", PageUp: "go-back" };
document.addEventListener("keydown", (event) => {
  const form = document.getElementById(moves[event.key]);
  if (!form || takesKeys(event.target) || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  if (!event.repeat) form.requestSubmit(); // a key that is held down moves it once
});
for (const form of document.forms) form.addEventListener("submit", () => setTimeout(() => form.querySelectorAll("button").forEach((each) => (each.disabled = true))));
setInterval(() => {
  for (const node of document.querySelectorAll("[data-since]")) {
    const seconds = Math.max(0, Math.round(Date.now() / 1000 - Number(node.dataset.since)));
    node.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
}, 1000);
