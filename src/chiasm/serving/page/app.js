// The page: asks what is served, then lets it be used.

import { ask } from "./api.js";
import { by } from "./element.js";
import { manyRows } from "./many.js";
import { oneRow } from "./one.js";

const tabs = [...document.querySelectorAll("[role=tab]")];

function open(chosen) {
  for (const tab of tabs) {
    tab.setAttribute("aria-selected", String(tab === chosen));
    tab.tabIndex = tab === chosen ? 0 : -1;
    by(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
  }
}

for (const [i, tab] of tabs.entries()) {
  tab.addEventListener("click", () => open(tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(i + step + tabs.length) % tabs.length];
    open(next);
    next.focus();
  });
}

try {
  const model = await (await ask("/v1/model")).json();
  by("model").textContent = `${model.classes.join(", ")} · ${model.name}`;
  oneRow(model);
  manyRows(model);
} catch (error) {
  by("model").textContent = error.message;
}
