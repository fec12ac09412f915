"use strict";
// Opens what a link leads into, and filters long tables. Everything can be read without.
const open = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  if (target) target.scrollIntoView({ block: "start" });
};
addEventListener("hashchange", open);
addEventListener("beforeprint", () => document.querySelectorAll("section>details").forEach(d => { d.open = true; }));
const filters = () => document.querySelectorAll("[data-filter]").forEach(box => {
  const input = document.createElement("input");
  input.type = "search";
  input.placeholder = "filter rows";
  input.setAttribute("aria-label", "filter rows");
  const rows = [...box.querySelectorAll("tbody tr")];
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/);
    for (const row of rows) row.hidden = !words.every(word => row.textContent.toLowerCase().includes(word));
  });
  box.before(input);
});
filters();
// The page was brought up to date.
addEventListener("renewed", filters);
if (location.hash) open();
