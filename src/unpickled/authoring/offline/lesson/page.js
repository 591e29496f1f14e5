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
    const seen = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries)
          if (isIntersecting) {
            for (const link of links.values()) link.removeAttribute("aria-current");
            links.get(target.id)?.setAttribute("aria-current", "true");
          }
      },
      { rootMargin: "0px 0px -80% 0px" },
    );
    for (const section of document.querySelectorAll("main > section")) seen.observe(section);
    addEventListener("beforeprint", () => {
      for (const one of document.querySelectorAll("details")) one.open = true;
    });
  });
})();
