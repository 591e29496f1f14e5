// The page of slides: keys as reveal.js has them (S speaker view, F full screen, O overview, ? all of them).
Reveal.initialize({
  width: 1280,
  height: 720,
  margin: 0,
  minScale: 0.1,
  maxScale: 4,
  center: false,
  hash: true,
  progress: false, // the strip on top of each slide shows it
  controlsTutorial: false,
  controlsLayout: "edges", // in the margins: in the corner they lie on the page number
  transition: "none",
  backgroundTransition: "none",
  defaultTiming: 30, // without it the speaker view shows no pacing; each slide has its own seconds
  pdfMaxPagesPerSlide: 1,
  pdfPageHeightOffset: 0,
  plugins: [RevealNotes],
});
