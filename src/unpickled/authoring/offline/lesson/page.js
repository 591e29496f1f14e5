// The paper's colour (as the system has it, or as the reader chose), the place in the contents, and hints open on paper.
(() => {
  "use strict";
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const CHOICES = ["system", "light", "dark"];
  const NAMES = { system: "as the system", light: "light", dark: "dark" };
  let chosen = "system";
  try {
    chosen = CHOICES.find((one) => one === localStorage.getItem("unpickled-paper")) || chosen;
  } catch {
    // a browser that keeps nothing for files from a disk
  }
  const paint = () => {
    root.dataset.theme = chosen === "system" ? (dark.matches ? "dark" : "light") : chosen;
  };
  paint();
  dark.addEventListener("change", paint);

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("paper");
    const name = () => {
      button.textContent = `Paper: ${NAMES[chosen]}`;
    };
    name();
    button.hidden = false;
    button.addEventListener("click", () => {
      chosen = CHOICES[(CHOICES.indexOf(chosen) + 1) % CHOICES.length];
      try {
        localStorage.setItem("unpickled-paper", chosen);
      } catch {
        // as above
      }
      paint();
      name();
    });

    const contents = document.querySelector("nav details");
    if (matchMedia("(max-width: 40rem)").matches) contents.open = false;
    const links = new Map([...document.querySelectorAll("nav li a")].map((link) => [link.hash.slice(1), link]));
    const sections = [...document.querySelectorAll("main > section")];
    const mark = () => {
      const begun = sections.filter((section) => section.getBoundingClientRect().top < innerHeight / 5);
      const current = (begun.at(-1) ?? sections[0])?.id;
      for (const [id, link] of links) {
        if (id === current) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    };
    addEventListener("scroll", mark, { passive: true });
    mark();
    addEventListener("beforeprint", () => {
      for (const one of document.querySelectorAll("details")) one.open = true;
    });
  });
})();
