// A CSV file, sent in pieces and given back filled.

import { ask } from "./api.js";
import { decode, parse, shown, write } from "./csv.js";
import { chosenFiles } from "./files.js";
import { dropPlace } from "./drop.js";
import { by, element, percent } from "./element.js";

const COMMON = {
  text: ["text", "review", "review_text", "sentence", "question", "comment", "content", "body"],
  image: ["image", "image_path", "photo", "picture", "img", "file_name"],
  audio: ["audio", "audio_path", "sound", "wav"],
};
const NAMES = { text: "Text", image: "Photo", audio: "Audio" };
const ROWS_A_PIECE = 64;
const BYTES_A_PIECE = 4e6;
const SHOWN = 200;

export function manyRows(model) {
  let table = null;
  let stopped = null;

  dropPlace("csv", {
    onChange: async (file) => {
      table = null;
      tell("");
      if (file) {
        try {
          table = parse(decode(await file.arrayBuffer()));
          table.name = file.name;
        } catch (error) {
          tell(error.message);
        }
      }
      by("columns").hidden = !table;
      by("fill").disabled = !table;
      if (table) askForColumns(table, model.modalities);
    },
  });

  by("batch").addEventListener("submit", async (event) => {
    event.preventDefault();
    stopped = new AbortController();
    by("fill").disabled = true;
    by("stop").hidden = false;
    tell("");
    try {
      await fill(table, model, stopped.signal);
    } catch (error) {
      tell(error.name === "AbortError" ? "Stopped. What was filled in is below." : error.message);
    } finally {
      by("fill").disabled = false;
      by("stop").hidden = true;
    }
  });
  by("stop").addEventListener("click", () => stopped?.abort());
  by("shown").addEventListener("change", () => offerAgain());
}

let offerAgain = () => {};

function tell(message) {
  by("batch-problem").hidden = !message;
  by("batch-problem").textContent = message;
}

function askForColumns(table, modalities) {
  const parts = modalities.map((modality) => {
    const found = table.head.findIndex((name) => COMMON[modality]?.includes(name.trim().toLowerCase()));
    const select = element(
      "select",
      { id: `column-${modality}` },
      element("option", { value: "-1" }, "none"),
      ...table.head.map((name, i) => element("option", { value: String(i), selected: i === found }, name)),
    );
    return element("div", {}, element("label", { htmlFor: select.id }, `${NAMES[modality]} column`), select);
  });
  const hasFiles = modalities.some((modality) => modality !== "text");
  if (hasFiles) {
    const files = element("input", { type: "file", id: "files", multiple: true });
    const folder = element("input", { type: "file", id: "folder", webkitdirectory: true });
    const hint = element(
      "p",
      { className: "hint", id: "files-hint" },
      "Found by their names in the column. Where two folders have files of one name, choose the folder that holds both.",
    );
    for (const input of [files, folder]) input.setAttribute("aria-describedby", hint.id);
    parts.push(
      element("div", {}, element("label", { htmlFor: files.id }, "Files of the photos or audio"), files),
      element("div", {}, element("label", { htmlFor: folder.id }, "Or their folder"), folder, hint),
    );
  }
  by("columns").replaceChildren(...parts);
}

async function fill(table, model, signal) {
  const columns = model.modalities.map((modality) => [modality, Number(by(`column-${modality}`).value)]);
  const used = columns.filter(([, column]) => column >= 0);
  if (!used.length) throw new Error("Choose at least one column for the model to look at.");
  const unread = columns.filter(([, column]) => column < 0).map(([modality]) => NAMES[modality].toLowerCase());
  if (unread.length) tell(`The model looks at the ${unread.join(" and the ")} too, for which no column is chosen.`);
  const find = chosenFiles([...(by("files")?.files ?? []), ...(by("folder")?.files ?? [])], named(table, used));
  const answers = new Array(table.rows.length).fill(null);
  const shown = begin(table, used, model);
  const began = performance.now();
  let failed = 0;
  try {
    for await (const piece of pieces(table.rows, used, find, model.limits.body_bytes)) {
      for await (const answer of send(piece, signal)) {
        const { row, problem } = piece[answer.line - 1];
        answers[row] = { ...answer, problem: [problem, answer.error?.detail, ...(answer.notes ?? [])].filter(Boolean).join(" ") };
        failed += Boolean(answer.error);
        shown(row, answers[row]);
      }
      report(answers, failed, began);
    }
  } finally {
    offer(table, answers, model.classes);
  }
}

function named(table, used) {
  const columns = used.filter(([modality]) => modality !== "text").map(([, column]) => column);
  return table.rows.flatMap((cells) => columns.map((column) => (cells[column] ?? "").trim())).filter(Boolean);
}

// Rows as lines of JSON, as many at a time as make a request of a fair size.
async function* pieces(rows, used, find, most) {
  let piece = [];
  let bytes = 0;
  for (const [row, cells] of rows.entries()) {
    const values = {};
    const problems = [];
    for (const [modality, column] of used) {
      const cell = (cells[column] ?? "").trim();
      if (!cell) continue;
      if (modality === "text") {
        values.text = cells[column];
        continue;
      }
      const { file, problem } = find(cell);
      if (problem) problems.push(`${modality}: ${problem}`);
      else if (file.size * 1.4 > most) problems.push(`${modality}: ${cell} is too large.`);
      else values[modality] = await base64(file);
    }
    const line = JSON.stringify(values);
    piece.push({ row, line, problem: problems.join(" ") });
    bytes += line.length;
    if (piece.length >= ROWS_A_PIECE || bytes > BYTES_A_PIECE) {
      yield piece;
      piece = [];
      bytes = 0;
    }
  }
  if (piece.length) yield piece;
}

async function base64(file) {
  const url = await new Promise((done, fail) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => done(reader.result));
    reader.addEventListener("error", () => fail(new Error(`${file.name} cannot be read.`)));
    reader.readAsDataURL(file);
  });
  return url.slice(url.indexOf(",") + 1);
}

async function* send(piece, signal) {
  const body = piece.map(({ line }) => line).join("\n");
  const options = { method: "POST", body, headers: { "Content-Type": "application/jsonl" }, signal };
  let response = null;
  while (!response) {
    try {
      response = await ask("/v1/batch", options);
    } catch (error) {
      if (!error.retryAfter) throw error;
      await new Promise((done) => setTimeout(done, 1000 * error.retryAfter));
    }
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    held += value;
    const lines = held.split("\n");
    held = lines.pop();
    for (const line of lines) yield JSON.parse(line);
  }
}

function begin(table, used, model) {
  by("batch-waiting").hidden = true;
  by("batch-answer").hidden = false;
  by("download").hidden = true;
  by("progress").value = 0;
  const heads = ["Label", "Sure", ...used.map(([modality]) => NAMES[modality])];
  by("rows").tHead.replaceChildren(
    element("tr", {}, ...heads.map((name) => element("th", { scope: "col" }, name))),
  );
  by("rows").tBodies[0].replaceChildren();
  return (row, answer) => {
    if (row >= SHOWN) return;
    const given = used.map(([, column]) =>
      element("td", {}, element("span", { className: "cell" }, table.rows[row][column] ?? "")),
    );
    const found = answer.label
      ? [
          element("td", { title: answer.problem }, answer.label),
          element("td", { className: "number" }, percent(answer.probabilities[answer.label])),
        ]
      : [element("td", { className: "failed", colSpan: 2 }, answer.problem)];
    by("rows").tBodies[0].append(element("tr", {}, ...found, ...given));
  };
}

function report(answers, failed, began) {
  const done = answers.filter(Boolean).length;
  const all = answers.length;
  const seconds = (performance.now() - began) / 1000;
  const left = done < all ? `, about ${Math.ceil((seconds / done) * (all - done))} s left` : "";
  const bad = failed ? `, ${failed} could not be read` : "";
  const first = all > SHOWN ? ` (the first ${SHOWN} are shown)` : "";
  by("progress").max = all;
  by("progress").value = done;
  by("batch-status").textContent = `${done} of ${all} rows${bad}${left}${done === all ? first : ""}`;
}

function offer(table, answers, classes) {
  const added = ["predicted_label", ...classes.map((label) => `probability_${label}`), "problem"];
  const filled = table.rows.map((cells, row) => {
    const answer = answers[row];
    const padded = table.head.map((_, i) => cells[i] ?? "");
    return [...padded, answer?.label ?? "", ...classes.map((label) => answer?.probabilities?.[label] ?? ""), answer?.problem ?? ""];
  });
  offerAgain = () => offer(table, answers, classes);
  const cell = by("shown").checked ? shown : String;
  const link = by("download");
  URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(
    new Blob([write([[...table.head, ...added], ...filled].map((row) => row.map(cell)), table.mark)], { type: "text/csv" }),
  );
  link.download = table.name.replace(/(\.[^.]*)?$/, "-filled$1");
  link.hidden = !answers.some(Boolean);
}
