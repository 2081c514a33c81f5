// A place to choose a file in, or to drop it on.

import { by } from "./element.js";

export function dropPlace(name, { onChange, preview }) {
  const place = document.querySelector(`[data-drop="${name}"]`);
  const input = by(name);
  const invitation = place.querySelector(".invitation");
  const chosen = place.querySelector(".chosen");
  let file = null;
  let url = "";

  function choose(next) {
    file = next ?? null;
    URL.revokeObjectURL(url);
    url = file ? URL.createObjectURL(file) : "";
    invitation.hidden = Boolean(file);
    chosen.hidden = !file;
    if (file) {
      chosen.querySelector(".file").textContent = `${file.name} (${size(file.size)})`;
      if (preview) preview.src = url;
    } else {
      input.value = "";
      preview?.removeAttribute("src");
    }
    onChange?.(file);
  }

  input.addEventListener("change", () => choose(input.files[0]));
  place.querySelector(`[data-remove="${name}"]`).addEventListener("click", () => {
    choose(null);
    input.focus();
  });
  place.addEventListener("dragover", (event) => {
    event.preventDefault();
    place.classList.add("over");
  });
  for (const left of ["dragleave", "drop"]) {
    place.addEventListener(left, () => place.classList.remove("over"));
  }
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files[0]) choose(event.dataTransfer.files[0]);
  });
  preview?.addEventListener("error", () => {
    // What a browser cannot show, the server may read all the same (TIFF).
    preview.hidden = true;
  });
  preview?.addEventListener("load", () => (preview.hidden = false));

  return { choose, file: () => file, url: () => url };
}

export function size(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
