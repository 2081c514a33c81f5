// What the model says of one row, and what it rests on.

import { by, element, percent, points } from "./element.js";

const NAMES = { text: "Text", image: "Photo", audio: "Audio" };
const MISSING = { text: "no text", image: "no photo", audio: "no audio" };

export function show(found, sent) {
  by("label").textContent = found.label;
  by("confidence").textContent = `${percent(found.probabilities[found.label])} sure, calibrated`;
  by("missing").textContent = found.missing.length
    ? `Said with ${found.missing.map((name) => MISSING[name]).join(" and ")}.`
    : "";
  by("missing").hidden = !found.missing.length;
  by("notes").replaceChildren(...found.notes.map((note) => element("li", {}, note)));
  by("notes").hidden = !found.notes.length;
  by("legend-for").textContent = `for ${found.explained}`;
  showClasses(found);
  showSteps(found);
  showWords(found, sent.text);
  showImage(found, sent.photo);
  showAudio(found);
  showFigures(found);
  by("waiting").hidden = true;
  by("answer").hidden = false;
}

function showClasses(found) {
  const classes = Object.entries(found.probabilities).sort(([, a], [, b]) => b - a);
  by("classes").replaceChildren(
    ...classes.map(([label, probability]) =>
      element(
        "div",
        { className: label === found.label ? "top-class" : "" },
        element("dt", {}, label),
        element("dd", { className: "track" }, element("i", { style: { width: `${100 * probability}%` } })),
        element("dd", { className: "number" }, percent(probability)),
      ),
    ),
  );
}

// From what the model says of nothing at all to what it says of this row, a part at a time.
function showSteps(found) {
  const sure = found.probabilities[found.label];
  const parts = Object.entries(found.contributions).filter(([name]) => !found.missing.includes(name));
  let at = sure - parts.reduce((sum, [, added]) => sum + added, 0);
  by("explained").textContent = `How the probability of “${found.label}” comes about.`;
  const steps = [step("Beforehand", 0, at, "", percent(at, 1))];
  for (const [name, added] of parts) {
    const tone = added >= 0 ? "for" : "against";
    steps.push(step(NAMES[name] ?? name, Math.min(at, at + added), Math.abs(added), tone, points(added)));
    at += added;
  }
  steps.push(step("Together", 0, sure, "", percent(sure, 1)));
  by("steps").replaceChildren(...steps);
}

function step(name, from, length, tone, number) {
  const bar = element("i", {
    className: tone,
    style: { left: `${100 * Math.max(0, from)}%`, width: `${100 * Math.max(0, length)}%` },
  });
  return element(
    "li",
    {},
    element("span", {}, name),
    element("span", { className: "lane", ariaHidden: "true" }, bar),
    element("span", { className: "number" }, number),
  );
}

function showWords(found, text) {
  by("words-part").hidden = !found.words?.length;
  if (!found.words?.length) return;
  const letters = [...text]; // spans count characters, not UTF-16 units
  const strongest = Math.max(...found.words.map((word) => Math.abs(word.score)), 1e-9);
  const pieces = [];
  let at = 0;
  for (const word of found.words) {
    pieces.push(letters.slice(at, word.start).join(""));
    pieces.push(
      element(
        "mark",
        {
          className: word.score >= 0 ? "for" : "against",
          title: `${points(word.score)} points`,
          style: { "--strength": Math.abs(word.score) / strongest },
        },
        letters.slice(word.start, word.end).join(""),
      ),
    );
    at = word.end;
  }
  by("words").replaceChildren(...pieces, letters.slice(at).join(""));
}

function showImage(found, photo) {
  by("image-part").hidden = !found.image;
  if (!found.image) return;
  by("photo").src = photo;
  by("heat").src = `data:image/png;base64,${found.image.overlay_png}`;
  by("heat").alt = `The photo in blue where it speaks for ${found.explained}, in orange where against`;
}

function showAudio(found) {
  by("audio-part").hidden = !found.audio?.length;
  if (!found.audio?.length) return;
  const strongest = Math.max(...found.audio.map((piece) => Math.abs(piece.score)), 1e-9);
  by("audio-scores").replaceChildren(
    ...found.audio.map((piece) =>
      element("li", {
        className: piece.score >= 0 ? "for" : "against",
        title: `${piece.start.toFixed(1)} to ${piece.end.toFixed(1)} s: ${points(piece.score)} points`,
        style: { height: `${8 + (92 * Math.abs(piece.score)) / strongest}%` },
      }),
    ),
  );
}

// The same for those who do not see colours.
function showFigures(found) {
  const rows = (found.words ?? []).map((word) => [word.text, word.score]);
  (found.image?.grid ?? []).forEach((cells, row) =>
    cells.forEach((score, column) => rows.push([`Photo, row ${row + 1}, column ${column + 1}`, score])),
  );
  for (const piece of found.audio ?? []) {
    rows.push([`Audio, ${piece.start.toFixed(1)} to ${piece.end.toFixed(1)} s`, piece.score]);
  }
  rows.sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  by("figures").tBodies[0].replaceChildren(
    ...rows.map(([name, score]) =>
      element("tr", {}, element("td", {}, name), element("td", { className: "number" }, `${points(score)} points`)),
    ),
  );
}
