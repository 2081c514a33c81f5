// The server, with its API key where it asks for one.

import { by } from "./element.js";

let key = "";

async function askForKey() {
  const dialog = by("key-dialog");
  dialog.showModal();
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  key = by("key").value.trim();
}

export async function ask(path, options = {}) {
  for (;;) {
    const headers = { ...options.headers, ...(key && { Authorization: `Bearer ${key}` }) };
    let response;
    try {
      response = await fetch(path, { ...options, headers });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Error("The server cannot be reached. It may have stopped, or refused so large a file.");
    }
    if (response.ok) return response;
    const asked = key;
    if (response.status === 401) {
      await askForKey();
      if (key && key !== asked) continue;
    }
    const problem = await response.json().catch(() => ({}));
    const failure = new Error(problem.detail ?? `The server answered with status ${response.status}.`);
    failure.retryAfter = Number(response.headers.get("Retry-After")) || 0;
    throw failure;
  }
}
