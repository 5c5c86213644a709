// The matrix as a heat map, with details of a cell by pointer and by keyboard, and downloads.

import { byId, save } from "./dom.js";
import { heatMap, matrixFile } from "./engine.js";

const TYPES = { svg: "image/svg+xml", csv: "text/csv", json: "application/json" };

const LEGEND = [["native", "●", "native: machine code for this GPU"], ["same", "◐", "machine code of the same generation"],
  ["jit", "○", "translated by the driver from PTX"], ["none", "·", "none"]];

const platform = () => byId("map-platform", HTMLSelectElement);
const all = () => byId("map-all", HTMLInputElement);

/** The same table in a terminal. */
export const commandLine = () => `conda-torch matrix --platform ${platform().value}${all().checked ? " --all" : ""}`;

/** @param {() => {pairs: import("./engine.js").Pairs, machine: string | undefined}} state @param {() => void} changed after a choice */
export function wire(state, changed) {
  const map = byId("map", HTMLElement);
  for (const choice of [platform(), all()]) {
    choice.addEventListener("change", () => {
      show(state());
      changed();
    });
  }
  for (const button of document.querySelectorAll("button[data-format]")) {
    button.addEventListener("click", () => {
      const format = /** @type {"svg" | "csv" | "json"} */ (button.getAttribute("data-format"));
      save(`pytorch-${platform().value}.${format}`, matrixFile(format, platform().value, all().checked), TYPES[format]);
    });
  }
  map.addEventListener("pointerover", (event) => tell(event.target));
  map.addEventListener("focusin", (event) => tell(event.target));
  map.addEventListener("keydown", move);
  const legend = document.createElement("ul");
  legend.className = "heat-legend";
  for (const [kind, sign, word] of LEGEND) {
    const item = document.createElement("li");
    const mark = document.createElement("span");
    mark.className = kind;
    mark.textContent = sign;
    mark.setAttribute("aria-hidden", "true");
    item.append(mark, word);
    legend.append(item);
  }
  byId("map-legend", HTMLElement).replaceChildren(legend);
}

/** @param {{pairs: import("./engine.js").Pairs, machine: string | undefined}} state */
export function show({ pairs, machine }) {
  const map = byId("map", HTMLElement);
  // The core escapes what is in it.
  map.innerHTML = heatMap(pairs, machine, platform().value, all().checked);
  for (const cell of map.querySelectorAll("[data-says]")) {
    cell.removeAttribute("title");
    cell.setAttribute("tabindex", "-1");
  }
  (map.querySelector("tr.yours [data-says]") ?? map.querySelector("[data-says]"))?.setAttribute("tabindex", "0");
}

/** @param {EventTarget | null} target */
function tell(target) {
  const cell = target instanceof Element ? target.closest("[data-says]") : null;
  if (cell) byId("map-says", HTMLElement).textContent = cell.getAttribute("data-says");
}

/** Arrow keys go from cell to cell. @param {KeyboardEvent} event */
function move(event) {
  const cell = event.target instanceof Element ? event.target.closest("[data-says]") : null;
  const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
  if (!cell || !step) return;
  const rows = [...byId("map", HTMLElement).querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("[data-says]")]);
  const row = rows.findIndex((cells) => cells.includes(cell));
  const column = rows[row].indexOf(cell);
  const next = rows[row + step[0]]?.[Math.min(column + step[1], (rows[row + step[0]]?.length ?? 1) - 1)];
  if (!(next instanceof HTMLElement)) return;
  event.preventDefault();
  cell.setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  next.focus();
}
