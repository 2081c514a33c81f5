// One row: what is given, what comes back.

import { ask } from "./api.js";
import { dropPlace, size } from "./drop.js";
import { by, element } from "./element.js";
import { recorder } from "./record.js";
import { show } from "./result.js";

export function oneRow(model) {
  const reads = (modality) => model.modalities.includes(modality);
  for (const part of document.querySelectorAll(".modality")) part.hidden = !reads(part.dataset.modality);
  const photo = dropPlace("image", { preview: by("thumb") });
  const audio = dropPlace("audio", { preview: by("player") });
  if (reads("audio")) recorder(audio.choose);
  countCharacters(model.limits.characters);

  by("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    await predict({ text: by("text").value, photo, audio, limit: model.limits.body_bytes });
  });
  by("form").addEventListener("reset", () => {
    photo.choose(null);
    audio.choose(null);
    by("answer").hidden = true;
    by("waiting").hidden = false;
    tell("");
  });
  by("text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) by("form").requestSubmit();
  });
  by("strength").addEventListener("input", () => {
    by("heat").style.opacity = by("strength").value / 100;
  });
  offerExamples(reads, photo);
}

function countCharacters(most) {
  const count = () => {
    const written = [...by("text").value].length;
    by("text-count").textContent = written > 0.8 * most ? `${written} of at most ${most} characters` : "";
  };
  by("text").addEventListener("input", count);
}

async function predict({ text, photo, audio, limit }) {
  const form = new FormData();
  if (text) form.append("text", text);
  if (photo.file()) form.append("image", photo.file());
  if (audio.file()) form.append("audio", audio.file());
  const bytes = (photo.file()?.size ?? 0) + (audio.file()?.size ?? 0);
  if ([...form.keys()].length === 0) return tell("There is nothing to look at yet.", true);
  if (bytes > limit) return tell(`That is more than ${size(limit)}. Choose a smaller file.`, true);
  const card = document.querySelector(".result");
  by("go").disabled = true;
  card.classList.add("busy");
  card.setAttribute("aria-busy", "true");
  tell("");
  try {
    const answer = await ask("/v1/explain", { method: "POST", body: form });
    const found = await answer.json();
    show(found, { text, photo: photo.url() });
    by("status").textContent = `${found.label}: ${by("confidence").textContent}`;
    if (card.getBoundingClientRect().top > innerHeight * 0.6) card.scrollIntoView();
  } catch (error) {
    by("answer").hidden = true;
    by("waiting").hidden = false;
    tell(error.message, true);
  } finally {
    by("go").disabled = false;
    card.classList.remove("busy");
    card.removeAttribute("aria-busy");
  }
  return undefined;
}

function tell(message, isProblem = false) {
  by("problem").hidden = !isProblem;
  by("problem").textContent = isProblem ? message : "";
  by("status").textContent = isProblem ? "" : message;
}

async function offerExamples(reads, photo) {
  const answer = await fetch("/page/examples.json");
  const examples = (await answer.json()).filter(
    (example) => (example.text && reads("text")) || (example.image && reads("image")),
  );
  by("examples").replaceChildren(
    ...examples.map((example) => {
      const image = example.image && reads("image") ? `/page/${example.image}` : "";
      const button = element(
        "button",
        { type: "button", className: image ? "quiet" : "quiet bare" },
        ...(image ? [element("img", { src: image, alt: "" })] : []),
        example.title,
      );
      button.addEventListener("click", async () => {
        by("form").reset();
        by("text").value = (reads("text") && example.text) || "";
        if (image) {
          const file = await (await fetch(image)).blob();
          photo.choose(new File([file], example.image, { type: file.type }));
        }
        by("form").requestSubmit();
      });
      return element("li", {}, button);
    }),
  );
  document.querySelector(".examples").hidden = !examples.length;
}
