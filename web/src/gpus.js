// The search among the names of GPUs: a combobox with a list.

import { byId, element } from "./dom.js";

const MOST = 8;

/**
 * @param {[string, string][]} names each with its compute capability
 * @param {() => void} changed
 */
export function search(names, changed) {
  const input = byId("gpu", HTMLInputElement);
  const list = byId("gpu-list", HTMLUListElement);
  const keys = names.map(([name]) => name.toLowerCase());
  let active = -1;

  /** The name that is being typed: the one after the last comma. */
  const typed = () => input.value.split(",").pop()?.replace(/^\s*\d+\s*[x×]\s*/i, "").trim().toLowerCase() ?? "";

  const matches = () => {
    const words = typed().match(/[a-z]+|\d+[a-z]*/g) ?? [];
    if (words.length === 0) return [];
    const found = names.filter((_, at) => words.every((word) => keys[at].includes(word)));
    const starts = (/** @type {string} */ name) => name.toLowerCase().replace(/^(geforce|tesla|quadro) /, "").startsWith(typed());
    return found.sort((a, b) => Number(starts(b[0])) - Number(starts(a[0])) || a[0].length - b[0].length).slice(0, MOST);
  };

  const close = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  const open = () => {
    const found = matches();
    const isComplete = found.length === 1 && found[0][0].toLowerCase() === typed();
    if (found.length === 0 || isComplete) return close();
    list.replaceChildren(
      ...found.map(([name, capability], at) =>
        element(
          "li",
          { role: "option", id: `gpu-${at}`, "aria-selected": "false", onmousedown: (event) => event.preventDefault(), onclick: () => choose(name) },
          element("span", {}, name),
          element("small", {}, capability),
        ),
      ),
    );
    active = -1;
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    input.removeAttribute("aria-activedescendant");
  };

  /** @param {string} name */
  const choose = (name) => {
    const parts = input.value.split(",");
    const last = parts.pop() ?? "";
    const count = last.match(/^\s*\d+\s*[x×]\s*/i)?.[0] ?? (parts.length > 0 ? " " : "");
    input.value = [...parts, count + name].join(",");
    close();
    changed();
  };

  /** @param {number} by */
  const move = (by) => {
    const options = [...list.children];
    if (list.hidden || options.length === 0) return open();
    options[active]?.setAttribute("aria-selected", "false");
    active = (active + by + options.length) % options.length;
    options[active].setAttribute("aria-selected", "true");
    options[active].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[active].id);
  };

  input.addEventListener("input", open);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape") {
      close();
    } else if (event.key === "Enter") {
      event.preventDefault();
      const name = list.children[active]?.querySelector("span")?.textContent;
      if (!list.hidden && name) choose(name);
      else close();
    }
  });
}
