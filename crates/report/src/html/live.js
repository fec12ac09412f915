"use strict";
// Follows a campaign while it runs: says where it stands, and brings the page up to date. Without it, loading the page again does.
const said = document.getElementById("live");
let shown = said.dataset.version, wanted = shown, busy = false, status = said.textContent;
const main = () => document.querySelector("main");
// Where an element stands below the body: what has the focus has it again.
const path = at => at === main() ? [] : [...path(at.parentElement), [...at.parentElement.children].indexOf(at)];
const folds = () => [...document.querySelectorAll("main details")];
const name = fold => fold.id || fold.querySelector("summary").textContent;
const renew = next => {
  const open = new Map(folds().map(fold => [name(fold), fold.open]));
  const filters = [...document.querySelectorAll("main input[type=search]")].map(input => input.value);
  const had = document.activeElement, caret = had.selectionStart;
  const focus = main().contains(had) ? path(had) : null;
  const [x, y] = [scrollX, scrollY];
  for (const part of ["main", "nav"]) document.querySelector(part).replaceWith(document.adoptNode(next.querySelector(part)));
  dispatchEvent(new Event("renewed"));
  for (const fold of folds()) if (open.has(name(fold))) fold.open = open.get(name(fold));
  document.querySelectorAll("main input[type=search]").forEach((input, at) => {
    input.value = filters[at] || "";
    input.dispatchEvent(new Event("input"));
  });
  const has = focus && focus.reduce((at, child) => at && at.children[child], main());
  if (has) has.focus({ preventScroll: true });
  if (has && has.type === "search") has.setSelectionRange(caret, caret);
  scrollTo(x, y);
};
const refresh = async () => {
  // Whoever has selected something is about to copy it.
  if (busy || wanted === shown || !getSelection().isCollapsed) return;
  busy = true;
  try {
    const answer = await fetch(location.pathname, { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.statusText);
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    const version = next.getElementById("live").dataset.version;
    renew(next);
    shown = version;
    said.dataset.version = version;
    said.textContent = `${status} · figures as of ${new Date().toLocaleTimeString()}`;
  } catch (error) {
    said.textContent = `${status} · the figures below are older (${error.message})`;
  } finally {
    busy = false;
    if (wanted !== shown) setTimeout(refresh, 1000);
  }
};
document.addEventListener("selectionchange", refresh);
const news = new EventSource(said.dataset.events);
news.addEventListener("news", event => {
  ({ version: wanted, status } = JSON.parse(event.data));
  said.textContent = wanted === shown ? status : `${status} · figures have changed`;
  refresh();
});
news.addEventListener("trouble", event => { said.textContent = event.data; });
news.addEventListener("error", () => { said.textContent = `${status} · not connected, trying again`; });
