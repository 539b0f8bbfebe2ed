"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));
  const byId = (id) => document.getElementById(id);
  root.classList.add("has-js");

  /* Theme: system, then light, then dark. A page of a file has no safe place to remember it. */
  const themes = ["system", "light", "dark"];
  let theme = 0;
  byId("theme").addEventListener("click", () => {
    theme = (theme + 1) % themes.length;
    if (theme) root.dataset.theme = themes[theme];
    else delete root.dataset.theme;
    byId("theme").textContent = "Theme: " + themes[theme];
  });

  /* Filters. data: for each rule number its severity and the controls it is evidence for. */
  const rules = JSON.parse(byId("data").textContent);
  const form = byId("filters");
  const findings = all("#findings .f").map((node) => ({
    node,
    host: node.closest(".host"),
    rule: rules[node.dataset.r],
    status: node.dataset.s,
    framework: node.dataset.w,
    text: null,
  }));
  const open = new Set(["fail", "unknown", "error"]);
  const wordsOf = (item) => {
    if (item.text === null) {
      item.text = (item.host.querySelector("h3").textContent + " " + item.node.textContent).toLowerCase();
    }
    return item.text;
  };
  const matches = (item, want) =>
    (!want.host || item.host.dataset.host === want.host) &&
    (!want.status || (want.status === "open" ? open.has(item.status) : item.status === want.status)) &&
    (!want.severity || item.rule[0] <= Number(want.severity)) &&
    (!want.framework || item.framework === want.framework) &&
    (!want.control || item.rule[1].includes(Number(want.control))) &&
    (!want.text || wordsOf(item).includes(want.text));
  const filter = () => {
    const want = Object.fromEntries(new FormData(form));
    want.text = want.text.trim().toLowerCase();
    const active = Object.values(want).some(Boolean);
    const shownHosts = new Set();
    let shown = 0;
    for (const item of findings) {
      const show = matches(item, want);
      item.node.hidden = !show;
      if (show) {
        shown += 1;
        shownHosts.add(item.host);
      }
    }
    for (const host of all("#findings .host")) {
      host.hidden = active && !shownHosts.has(host);
      for (const rest of all(".rest", host)) {
        const any = rest.querySelector(".f:not([hidden])") !== null;
        rest.hidden = !any;
        rest.open = active && any;
      }
    }
    byId("none").hidden = shown > 0 || findings.length === 0;
    byId("count").textContent = shown + " of " + findings.length + " findings";
  };
  let waiting = 0;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 80);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  for (const link of all("a[data-control]")) {
    link.addEventListener("click", () => {
      form.reset();
      form.elements.control.value = link.dataset.control;
      setTimeout(filter);
    });
  }
  byId("open-all").addEventListener("click", (event) => {
    const opening = event.target.textContent === "Open all";
    for (const node of all("#findings details.f:not([hidden])")) node.open = opening;
    event.target.textContent = opening ? "Close all" : "Open all";
  });

  /* The rule's text and remedies stand once in the page; an opened finding shows a copy. */
  document.addEventListener("toggle", (event) => {
    if (!event.target.open || !event.target.matches("details.f")) return;
    for (const slot of all(".slot", event.target)) {
      const source = byId("r" + slot.dataset.rule).querySelector(slot.dataset.part);
      const copied = source.cloneNode(true);
      slot.replaceWith(copied);
      addCopyButtons(copied);
    }
  }, true);

  /* Copy buttons. */
  function addCopyButtons(within) {
    for (const block of all("pre.cmd", within)) {
      if (block.querySelector(".copy")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy quiet";
      button.textContent = "Copy";
      block.append(button);
    }
  }
  const copy = async (code) => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      return true;
    } catch {
      getSelection().selectAllChildren(code);
      return document.execCommand("copy");
    }
  };
  addCopyButtons(document);
  document.addEventListener("click", async (event) => {
    if (!event.target.matches(".copy")) return;
    const done = await copy(event.target.parentNode.querySelector("code"));
    event.target.textContent = done ? "Copied" : "Selected";
    setTimeout(() => { event.target.textContent = "Copy"; }, 1500);
  });

  /* A link to something folded away opens it. */
  const reveal = () => {
    const target = location.hash.length > 1 && byId(location.hash.slice(1));
    if (!target) return;
    for (let node = target; node; node = node.parentElement) if (node.matches("details")) node.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);

  /* On paper everything is open. */
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details:not([open])");
    for (const node of folded) node.open = true;
  });
  addEventListener("afterprint", () => {
    for (const node of folded) node.open = false;
  });

  filter();
  reveal();
})();
