// What makes forms quicker; each of them works without it.
(() => {
  "use strict";
  const LARGEST = 1024 * 1024;

  const element = (id) => document.getElementById(id);

  // The field that a link of the summary leads to; a group has its legend.
  const focus = (id) => {
    const found = element(id);
    if (found) { found.scrollIntoView({ block: "center" }); found.focus({ preventScroll: true }); }
  };

  const size = (bytes) => (bytes < 1024 ? `${bytes} bytes` : bytes < LARGEST ? `${Math.round(bytes / 1024)} KiB` : `${(bytes / LARGEST).toFixed(1)} MiB`);

  // What was chosen, and whether it is too large: said beside the field before it is sent.
  const tell = (input) => {
    let said = input.nextElementSibling;
    if (!said || !said.matches(".chosen")) {
      said = document.createElement("output");
      said.className = "chosen";
      said.htmlFor = input.id;
      input.after(said);
    }
    const files = [...input.files];
    const large = files.some((file) => file.size > LARGEST);
    said.textContent = files.map((file) => `${file.name}, ${size(file.size)}`).join("; ") + (large ? ": too large, a file may have 1 MiB." : "");
    said.classList.toggle("fault", large);
    input.setAttribute("aria-invalid", String(large));
    return !large;
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(".wrong a");
    if (!link) return;
    event.preventDefault();
    focus(link.getAttribute("href").slice(1));
  });

  document.addEventListener("change", (event) => {
    const input = event.target;
    if (input.matches?.(".fields input[type=file]")) tell(input);
    // A subject that was found stands in the field it was searched with.
    if (input.matches?.(".finds input[type=radio]")) {
      const field = element(input.name);
      if (field) { field.value = input.value; field.dispatchEvent(new Event("change", { bubbles: true })); }
    }
  });

  // Whoever types on has not chosen what was found before.
  document.addEventListener("input", (event) => {
    if (!event.target.matches?.(".field .with > input")) return;
    const field = event.target.closest(".field");
    field.querySelectorAll(".finds input:checked").forEach((radio) => { radio.checked = false; });
    field.querySelectorAll(".chosen").forEach((chosen) => chosen.remove());
  });

  document.addEventListener("submit", (event) => {
    const inputs = [...event.target.querySelectorAll(".fields input[type=file]")];
    const large = inputs.filter((input) => !tell(input));
    if (large.length) { event.preventDefault(); event.stopImmediatePropagation(); large[0].focus(); }
  }, true);

  // Enter in the field of a subject leads to what was found for it, where something was.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches?.(".field .with > input")) return;
    const found = event.target.closest(".field").querySelector(".finds input[type=radio]");
    if (found) { event.preventDefault(); found.focus(); }
  });

  document.querySelector(".wrong")?.focus();
})();
