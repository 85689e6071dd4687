// What makes pages nicer where there is JavaScript; everything works without it.
"use strict";

const POLL = 3000; // milliseconds between two looks for what is new, while the page is seen

// What is live asks again while the page is seen: hx-trigger="poll".
setInterval(() => {
  if (document.visibilityState === "visible") document.querySelectorAll("[data-poll]").forEach((each) => htmx.trigger(each, "poll"));
}, POLL);

// Moments are said in the reader's own zone.
function localize(root) {
  for (const each of root.querySelectorAll("time[datetime]:not([data-local])")) {
    const at = new Date(each.dateTime);
    each.dataset.local = "";
    each.title = at.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
    if (/^\d{1,2} \w{3} \d{4} \d\d:\d\d/.test(each.textContent)) each.textContent = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
    else if (/^\d\d:\d\d:\d\d/.test(each.textContent)) each.textContent = at.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23" });
  }
}

// How long something has been going on by now.
setInterval(() => {
  for (const each of document.querySelectorAll("[data-since]")) {
    const seconds = Math.max(0, Math.floor((Date.now() - new Date(each.dataset.since)) / 1000)), minutes = Math.floor(seconds / 60);
    each.textContent = minutes < 60 ? (minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`) : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }
}, 1000);

// A form that was sent is not sent again by a second click; its key makes it one run even so.
addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) return event.preventDefault();
  if (event.submitter?.name !== "add" && event.submitter?.name !== "remove" && event.submitter?.name !== "find") form.dataset.sent = "yes";
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((each) => delete each.dataset.sent));

// ⌘K finds everything, from everywhere.
const palette = document.getElementById("palette");
function openPalette(event) {
  if (!palette) return;
  event.preventDefault();
  if (palette.open) return;
  palette.showModal();
  const input = palette.querySelector("input");
  input.select();
  htmx.trigger(input, "look");
}
// A click into the field opens it, and so does typing there; Tab passes by, or nobody would get past it without a mouse.
document.querySelectorAll("[data-palette]").forEach((each) => {
  each.addEventListener("click", openPalette);
  each.addEventListener("input", (event) => {
    const input = palette.querySelector("input");
    input.value = each.value;
    each.value = "";
    openPalette(event);
    input.setSelectionRange(input.value.length, input.value.length);
  });
});
addEventListener("keydown", (event) => {
  if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") return openPalette(event);
  if (event.key === "/" && !event.target.closest("input, textarea, select, [contenteditable]")) return openPalette(event);
  if (!palette?.open || !["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) return;
  const hits = [...palette.querySelectorAll(".hits a")];
  const at = hits.indexOf(document.activeElement);
  if (event.key === "Enter") {
    if (at < 0 && hits.length) { event.preventDefault(); hits[0].click(); }
    return;
  }
  event.preventDefault();
  const next = at + (event.key === "ArrowDown" ? 1 : -1);
  (hits[next] ?? palette.querySelector("input")).focus();
});

// Copying a sentence for the ticket; where the clipboard is closed the text is selected.
addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const words = source.value ?? source.textContent;
  try {
    await navigator.clipboard.writeText(words);
  } catch {
    source.select?.();
    document.execCommand("copy");
  }
  const said = button.querySelector("[data-said]") ?? button;
  const before = said.textContent;
  said.textContent = "Copied";
  setTimeout(() => { said.textContent = before; }, 1500);
});

// The theme: as the system has it, or as chosen.
document.querySelectorAll("[data-theme-choice]").forEach((each) => each.addEventListener("click", (event) => {
  event.preventDefault();
  const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const theme = dark ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  document.cookie = `firsthand_theme=${theme}; path=${each.dataset.path}; max-age=31536000; samesite=lax`;
}));

// A list that is found as one types has its address in the browser's line, so that it can be kept and sent on.
addEventListener("htmx:after:swap", () => {
  const list = document.querySelector("[data-address]");
  if (list) history.replaceState(history.state, "", list.dataset.address);
});

addEventListener("htmx:after:swap", () => localize(document));
localize(document);
