"use strict";
// One page at a time: the totals, then each error. Which are leafed through, the filters say; which is open, the address says (#e12).
const pages = [...document.querySelectorAll("main > section")];
const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
const filters = [...document.querySelectorAll("select")];
const count = document.getElementById("count");
let current = pages[0];

function kept() {
  return pages.filter((page) => page.id === "totals" || filters.every((f) => !f.value || page.dataset[f.name] === f.value));
}

function open(page, write = true) {
  current = page;
  for (const each of pages) each.hidden = each !== page;
  for (const [id, link] of links) {
    if (id === page.id) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  links.get(page.id)?.scrollIntoView({ block: "nearest" });
  document.querySelector("main").scrollTop = 0;
  const there = kept();
  const place = there.indexOf(page);
  count.textContent = place > 0 ? `${place} of ${there.length - 1}` : `${there.length - 1} errors`;
  if (write) history.replaceState(null, "", `#${page.id}`);
}

function step(by, stop = () => true) {
  const there = kept();
  let place = there.indexOf(current);
  do place += by;
  while (place > 0 && place < there.length - 1 && !stop(there[place]));
  open(there[Math.max(0, Math.min(there.length - 1, place))]);
}

function filter() {
  const there = new Set(kept());
  for (const page of pages) links.get(page.id).hidden = !there.has(page);
  document.getElementById("none").hidden = there.size > 1;
  open(there.has(current) ? current : pages[0]);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("select")) return;
  const of = current.dataset.document;
  if (event.key === "ArrowRight" || event.key === "j") step(1);
  else if (event.key === "ArrowLeft" || event.key === "k") step(-1);
  else if (event.key === "n") step(1, (page) => page.dataset.document !== of);
  else if (event.key === "Home") open(pages[0]);
  else return;
  event.preventDefault();
});
document.getElementById("next").addEventListener("click", () => step(1));
document.getElementById("previous").addEventListener("click", () => step(-1));
for (const each of filters) each.addEventListener("change", filter);
addEventListener("hashchange", () => open(document.getElementById(location.hash.slice(1)) ?? pages[0], false));
const asked = pages.find((page) => `#${page.id}` === location.hash);
filter();
if (asked) open(asked);
